// Checks an attestation of Acquis, with nothing of Acquis: a public JOSE library
// for the signature, and docs/proofs.md for the rest.
//
//   npm install jose
//   node check-attestation.mjs CREDENTIAL JWKS [SERVICE]
//
// CREDENTIAL is the file that the holder handed over, JWKS the certificateur's
// keys, which you have fetched before from /.well-known/jwks.json. With the address
// of the SERVICE it also asks whether the decision still stands; without, nothing
// leaves this machine. It exits with 0 where the attestation is good.

import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createLocalJWKSet, jwtVerify } from "jose";

const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const bytes = (base64) => Buffer.from(base64, "base64");
const uint64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(n)); return b; };
const demand = (holds, what) => { if (!holds) throw new Error(what); };

// rootOf follows a proof from leaf number index of a tree of that size (RFC 9162, 2.1.3.2).
function rootOf(leaf, index, size, hashes) {
  let node = sha256(Buffer.of(0), leaf), n = BigInt(index), last = BigInt(size) - 1n;
  demand(n <= last, "the leaf lies outside the tree");
  for (const hash of hashes.map(bytes)) {
    demand(last > 0n, "the proof is too long");
    if (n & 1n || n === last) {
      node = sha256(Buffer.of(1), hash, node);
      while (n !== 0n && !(n & 1n)) { n >>= 1n; last >>= 1n; }
    } else {
      node = sha256(Buffer.of(1), node, hash);
    }
    n >>= 1n; last >>= 1n;
  }
  demand(last === 0n, "the proof is too short");
  return node;
}

// readAct reads the public act, a protobuf message, as far as we show it.
function readAct(data) {
  let at = 0;
  const varint = () => { for (let v = 0n, s = 0n; ; s += 7n) { const b = BigInt(data[at++]); v |= (b & 127n) << s; if (b < 128n) return v; } };
  const act = {};
  while (at < data.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) { act[tag >> 3] = varint(); continue; }
    demand((tag & 7) === 2, "the act is malformed");
    const length = Number(varint());
    act[tag >> 3] = data.subarray(at, at += length).toString();
  }
  return { outcome: Number(act[3]), bloc: act[2] ?? "", option: act[19] ?? "", referentiel: act[4], revision: act[5] };
}

// openCheckpoint checks the note's signature under one of the keys.
function openCheckpoint(text, jwks) {
  const end = text.indexOf("\n\n") + 1, body = text.slice(0, end), [origin, size, root] = body.split("\n");
  const line = text.slice(end + 1).split("\n").find((l) => l.startsWith(`— ${origin} `));
  demand(line, "the checkpoint is not signed by its origin");
  const signature = bytes(line.split(" ")[2]);
  const signed = jwks.keys.some((jwk) => {
    const raw = Buffer.concat([Buffer.of(1), Buffer.from(jwk.x, "base64url")]);
    const hash = sha256(Buffer.from(`${origin}\n`), raw).subarray(0, 4);
    return hash.equals(signature.subarray(0, 4)) &&
      verify(null, Buffer.from(body), createPublicKey({ key: jwk, format: "jwk" }), signature.subarray(4));
  });
  demand(signed, "the checkpoint is not signed by the certificateur");
  return { size, root: bytes(root) };
}

function checkProof(credential, jwks) {
  const p = credential.acquisProof, leaf = bytes(p.leaf), checkpoint = openCheckpoint(p.checkpoint, jwks);
  const digest = createHmac("sha256", bytes(p.actSalt)).update(uint64(p.decision)).update(bytes(p.act)).digest();
  demand(leaf.length === 128 && leaf.subarray(0, 16).toString() === "acquis event v2\n", "the leaf is malformed");
  demand(rootOf(digest, p.actIndex, p.actCount, p.actHashes).equals(leaf.subarray(96)), "the act is not in the leaf");
  demand(p.treeSize === checkpoint.size, "the checkpoint is of another size");
  demand(rootOf(leaf, BigInt(p.sequence) - 1n, p.treeSize, p.hashes).equals(checkpoint.root), "the leaf is not in the journal");
  const act = readAct(bytes(p.act));
  const shown = `urn:acquis:referentiels/${act.referentiel}/revisions/${act.revision}` + (act.bloc ? `/blocs/${act.bloc}` : "") + (act.option ? `/options/${act.option}` : "");
  demand(act.outcome === (act.bloc ? 1 : 3), "the act grants nothing");
  demand(credential.credentialSubject.achievement.id === shown, "the act is about something else than what is shown");
}

async function check([file, keys, service]) {
  const token = readFileSync(file, "utf8").trim(), jwks = JSON.parse(readFileSync(keys, "utf8"));
  const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), { algorithms: ["EdDSA"], requiredClaims: ["iss", "jti", "sub", "nbf"] });
  checkProof(payload, jwks);
  const holder = payload.credentialSubject.identifier?.[0]?.identityHash ?? "not named";
  console.log(`${payload.name}\nissued by ${payload.issuer.name}, valid from ${payload.validFrom}, holder: ${holder}`);
  if (!service) return;
  const answer = await fetch(`${service}/v1/attestations:verify`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ credential: token }),
  });
  const { state } = await answer.json();
  demand(state === "VALID", `the service says ${state}`);
}

const given = process.argv.slice(2);
if (given.length < 2 || given.length > 3) {
  console.error("usage: node check-attestation.mjs CREDENTIAL JWKS [SERVICE]");
  process.exit(2);
}
check(given).then(() => console.log("good"), (e) => { console.log(`NOT GOOD: ${e.message}`); process.exitCode = 1; });
