package attack

import (
	"net/http"
	"strings"
)

// attacks lists all attacks. A sibling is of the same kind as an earlier one.
func attacks() []attack {
	var all []attack
	for _, some := range [][]attack{messages(), takingTime(), floods(), calling(), streaming()} {
		all = append(all, some...)
	}
	return all
}

// messages are attacks by messages that are large, or become large when they are
// read.
func messages() []attack {
	return []attack{
		{name: "item-bomb", run: itemBomb(""), heavy: true},
		{name: "item-bomb-wrong-key", run: itemBomb("wrong"), heavy: true, sibling: true},
		{name: "item-bomb-low-role", run: itemBomb("reader"), heavy: true, sibling: true},
		{name: "item-bomb-admitted", run: itemBomb("assessor"), heavy: true, sibling: true},
		{name: "item-bomb-rest", run: itemBombREST("")},
		{name: "item-bomb-rest-low-role", run: itemBombREST("reader"), sibling: true},
		{name: "item-bomb-rest-admitted", run: itemBombREST("assessor"), heavy: true},
		{name: "violations", run: ladder},
		{name: "violations-rest", run: ladderREST, sibling: true},
		{name: "violations-most", run: summit, heavy: true, sibling: true},
		{name: "anonymous-bodies", run: bodies(4<<20-1024, 1)},
		{name: "anonymous-bodies-unknown-fields", run: bodies(4<<20-1024, 15), sibling: true},
	}
}

// takingTime are attacks that hold resources without doing much.
func takingTime() []attack {
	return []attack{
		{name: "unfinished", run: unfinished("", 1, 100, promised-1), heavy: true},
		{name: "unfinished-admitted", run: unfinished("assessor", 1, 100, promised-1), heavy: true, sibling: true},
		{name: "unfinished-connections", run: unfinished("", 50, 10, 64<<10), sibling: true},
		{name: "unfinished-checks", run: unfinishedChecks},
		{name: "unfinished-prefix-only", run: unfinished("assessor", 10, 100, 0), sibling: true},
		{name: "slow-bodies", run: slowBodies, sibling: true},
		{name: "slow-bodies-rest", run: slowBodiesREST},
		{name: "slow-headers-rest", run: slowHeaders},
		{name: "slow-preface", run: slowPrefaces, sibling: true},
		{name: "slow-frames", run: slowFrames, sibling: true},
		{name: "idle-grpc", run: idle(grpcDoor, firstWords)},
		{name: "idle-grpc-silent", run: idle(grpcDoor, ""), sibling: true},
		{name: "idle-rest", run: idle(restDoor, "")},
		{name: "idle-rest-after-a-call", run: idle(restDoor, "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"), sibling: true},
		{name: "idle-ops", run: idle(opsDoor, ""), sibling: true},
		{name: "unread-answers", run: unread(ask{way: way{deaf: true}, connections: 10, path: getReferentiel, role: "reader",
			message: []byte("\x0a\x16referentiels/marketing")}), admitted: true},
		{name: "unread-checks", run: unread(ask{connections: 200, path: checkHealth, message: []byte{}, swollen: true})},
		{name: "unread-reflection", run: unread(ask{connections: 200, path: reflect, message: []byte{7<<3 | 2, 1, '*'}, swollen: true}), sibling: true},
		{name: "unread-refusals-rest", run: unread(ask{way: way{rest: true}, connections: 200, path: "/v1/nothing", swollen: true}), tls: true},
		{name: "unread-refusals-rest-role", run: unread(ask{way: way{rest: true}, connections: 200, path: "/v1/keys", role: "reader", swollen: true}), tls: true, sibling: true},
		{name: "unread-answers-rest", run: unreadREST, sibling: true},
		{name: "unread-grids", run: unreadGrids, admitted: true, heavy: true},
		{name: "unread-grids-rest", run: unreadAt("/v1/"+voluminous+"/grid", "assessor"), admitted: true, heavy: true},
		{name: "unread-lists-rest", run: unreadAt(listPath, "lister"), admitted: true, heavy: true},
	}
}

// floods are floods of HTTP/2 frames; those with "rest" go to the HTTP library's
// implementation.
func floods() []attack {
	grpc, rest, deaf := way{}, way{rest: true}, way{deaf: true}
	return []attack{
		{name: "rapid-reset", run: flood(grpc, rapidReset)},
		{name: "rapid-reset-rest", run: flood(rest, rapidReset), tls: true, sibling: true},
		{name: "rapid-reset-tls", run: flood(grpc, rapidReset), tls: true, sibling: true},
		{name: "made-you-reset", run: flood(grpc, madeYouReset), sibling: true},
		{name: "settings", run: flood(grpc, settings)},
		{name: "settings-rest", run: flood(rest, settings), tls: true, sibling: true},
		{name: "settings-unread", run: flood(deaf, settings), sibling: true},
		{name: "settings-acks", run: flood(grpc, settingsAcks), sibling: true},
		{name: "ping", run: flood(grpc, pings)},
		{name: "ping-rest", run: flood(rest, pings), tls: true, sibling: true},
		{name: "ping-unread", run: flood(deaf, pings), sibling: true},
		{name: "ping-acks", run: flood(grpc, pingAcks), sibling: true},
		{name: "window-update", run: flood(grpc, windows)},
		{name: "priority", run: flood(grpc, priorities)},
		{name: "priority-rest", run: flood(rest, priorities), tls: true, sibling: true},
		{name: "continuation", run: flood(grpc, continuations(1<<10))},
		{name: "continuation-empty", run: flood(grpc, continuations(0)), sibling: true},
		{name: "continuation-rest", run: flood(rest, continuations(1<<10)), tls: true, sibling: true},
		{name: "empty-data", run: flood(grpc, emptyData)},
		{name: "packed-headers", run: flood(grpc, packedHeaders)},
		{name: "unknown-frames", run: flood(grpc, unknownFrames), sibling: true},
		{name: "reset-of-nothing", run: flood(grpc, unopened), sibling: true},
		{name: "handshakes", run: handshakes, tls: true},
	}
}

// calling are attacks by calls at full speed.
func calling() []attack {
	wrong := `{"code":"` + strings.Repeat("A", 64) + `"}`
	const get, post = http.MethodGet, http.MethodPost
	return []attack{
		{name: "wrong-keys", run: callers(16, wrongKey, getGrid, aVerdict)},
		{name: "wrong-keys-rest", run: callersREST(16, wrongKey, get, "/v1/sessions/s", ""), sibling: true},
		{name: "wrong-secret", run: callers(16, wrongSecret, getGrid, aVerdict), sibling: true},
		{name: "garbage-tokens", run: callers(16, garbageToken, getGrid, aVerdict), sibling: true},
		{name: "garbage-tokens-rest", run: callersREST(16, garbageToken, get, "/v1/sessions/s", ""), sibling: true},
		{name: "no-key", run: callers(16, nobody, recordAssessments, aVerdict), sibling: true},
		{name: "refused", run: callers(16, as("reader"), recordAssessments, aVerdict)},
		{name: "refused-rest", run: callersREST(16, as("reader"), post, recordPath, "{}"), sibling: true},
		{name: "unknown-paths", run: callersREST(16, nobody, get, "/v1/nothing", "")},
		{name: "unknown-methods", run: callers(16, nobody, "/acquis.v1.Nothing/Do", aVerdict), sibling: true},
		{name: "checkpoint", run: callers(16, nobody, getCheckpoint, cannedCalls()[getCheckpoint].request)},
		{name: "checkpoint-rest", run: callersREST(16, nobody, get, "/v1/checkpoint", ""), sibling: true},
		{name: "verify-attestation-rest", run: callersREST(16, nobody, post, "/v1/attestations:verify", garbageCredential()), sibling: true},
		{name: "verify-code-rest", run: callersREST(16, nobody, post, "/v1/attestations:verify", wrong), sibling: true},
		{name: "openapi", run: callersREST(16, nobody, get, "/openapi.json", "")},
		{name: "lists", run: callers(64, as("lister"), listCandidacies, aList), admitted: true},
		{name: "lists-rest", run: callersREST(64, as("registrar"), get, listPath, ""), admitted: true, sibling: true},
	}
}

// streaming are attacks by streams.
func streaming() []attack {
	const watch = "/grpc.health.v1.Health/Watch"
	services := []byte{7<<3 | 2, 1, '*'}
	file := append([]byte{4<<3 | 2, 24}, "acquis.v1.SessionService"...)
	all := 2_000
	if long() {
		all = 10_000
	}
	return []attack{
		{name: "reflection-streams", run: hold("", reflect, services, all, 100)},
		{name: "reflection-requests", run: asking(reflect, file, 16), sibling: true},
		{name: "health-watch", run: hold("", watch, nil, all, 100)},
		{name: "backups", run: backups(true)},
		{name: "backups-unread", run: backups(false), sibling: true},
	}
}
