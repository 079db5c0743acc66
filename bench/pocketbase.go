package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
)

// fullSync opens SQLite as PocketBase does, but so that every commit is synced: by
// default (WAL and synchronous=NORMAL) a power cut may lose the last ones.
func fullSync(path string) (*dbx.DB, error) {
	return dbx.Open("sqlite", path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=journal_size_limit(200000000)"+
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)")
}

// servePocketBase serves PocketBase with what the job needs: one collection of
// calls with verdicts, and documents for référentiel and decision. A user must be
// logged in; nothing else is asked.
func servePocketBase(ctx context.Context, o order, ready func(hello) error) error {
	config := pocketbase.Config{DefaultDataDir: o.Dir, HideStartBanner: true}
	if o.Full {
		config.DBConnect = fullSync
	}
	app := pocketbase.NewWithConfig(config)
	if err := app.Bootstrap(); err != nil {
		return err
	}
	if err := app.RunAllMigrations(); err != nil {
		return err
	}
	token, err := fillPocketBase(app, o.Dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.Listener, e.InstallerFunc = listener, nil
		context.AfterFunc(ctx, func() { _ = e.Server.Close() }) // nothing is left to lose
		if err := e.Next(); err != nil {
			return err
		}
		return ready(hello{Address: listener.Addr().String(), Token: token})
	})
	return errors.Join(apis.Serve(app, apis.ServeConfig{HttpAddr: listener.Addr().String()}), app.ResetBootstrapState())
}

// fillPocketBase makes collections, documents, assessed candidacies and a user,
// whose token it returns.
func fillPocketBase(app core.App, dir string) (token string, err error) {
	loggedIn := types.Pointer("@request.auth.id != ''")
	documents := core.NewBaseCollection("documents")
	documents.Fields.Add(&core.JSONField{Name: "body", MaxSize: 1 << 20})
	assessments := core.NewBaseCollection("assessments")
	assessments.Fields.Add(
		&core.TextField{Name: "candidacy", Required: true}, &core.TextField{Name: "assessor", Required: true},
		&core.JSONField{Name: "verdicts", MaxSize: 1 << 20}, &core.AutodateField{Name: "created", OnCreate: true})
	assessments.AddIndex("assessments_candidacy", false, "candidacy", "")
	for _, c := range []*core.Collection{documents, assessments} {
		c.ListRule, c.ViewRule, c.CreateRule = loggedIn, loggedIn, loggedIn
		if err := app.Save(c); err != nil {
			return "", err
		}
	}
	err = app.RunInTransaction(func(tx core.App) error { return fillCollections(tx, documents, assessments, dir) })
	if err != nil {
		return "", err
	}
	users, err := app.FindCollectionByNameOrId("users")
	if err != nil {
		return "", err
	}
	user := core.NewRecord(users)
	user.SetEmail("assessor@example.org")
	user.SetRandomPassword()
	if err := app.Save(user); err != nil {
		return "", err
	}
	return user.NewAuthToken()
}

func fillCollections(app core.App, documents, assessments *core.Collection, dir string) error {
	for _, name := range peerDocuments {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		record := core.NewRecord(documents)
		record.Id = documentID(name)
		record.Set("body", types.JSONRaw(body))
		if err := app.Save(record); err != nil {
			return err
		}
	}
	for i := range peerCandidacies {
		for _, call := range recordings(place(i).candidacy(), false) {
			record := core.NewRecord(assessments)
			record.Set("candidacy", place(i).label("k"))
			record.Set("assessor", assessor)
			record.Set("verdicts", types.JSONRaw(verdictsJSON(call)))
			if err := app.Save(record); err != nil {
				return err
			}
		}
	}
	return nil
}

// documentID is the id of a document: 15 characters.
func documentID(name string) string { return (name + strings.Repeat("0", 15))[:15] }

// pocketBase starts one and makes its sides.
func (b *bench) pocketBase(full bool, documents map[string][]byte) (*peer, error) {
	p := &peer{name: "PocketBase"}
	if full {
		p.name = "PocketBase (synchronous=FULL)"
	}
	dir := filepath.Join(b.dir, fmt.Sprintf("pocketbase-%t", full))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	for name, body := range documents {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			return nil, err
		}
	}
	c, err := b.spawn(order{Kind: "pocketbase", Dir: dir, Full: full})
	if err != nil {
		return nil, err
	}
	p.stop = c.stop
	client, err := dialREST(c.Address, callers)
	if err != nil {
		return nil, err
	}
	b.atExit(func() { _ = client.close() }) // nothing was left to send
	create := func(caller int, call recordedCall) error {
		body, err := json.Marshal(map[string]any{"candidacy": call.candidacy, "assessor": assessor, "verdicts": json.RawMessage(call.verdicts)})
		if err != nil {
			return err
		}
		return client.do(caller, restRequest("POST", "/api/collections/assessments/records", c.Token, body))
	}
	p.create = create
	get := func(path string) func(caller, i int) error {
		request := restRequest("GET", "/api/collections/"+path, c.Token, nil)
		return func(caller, _ int) error { return client.do(caller, request) }
	}
	p.referentiel, p.decision = get("documents/records/"+documentID("referentiel")), get("documents/records/"+documentID("decision"))
	p.grid = func(caller, i int) error {
		filter := url.QueryEscape("candidacy='" + place(i*7919%peerCandidacies).label("k") + "'")
		return client.do(caller, restRequest("GET", "/api/collections/assessments/records?perPage=100&skipTotal=1&filter="+filter, c.Token, nil))
	}
	return p, nil
}
