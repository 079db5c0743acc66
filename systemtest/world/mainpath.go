package world

func (w *World) MainPath(call Door) {
	w.T.Helper()
	created := w.Expect(call, "admin", "POST", "/v1/keys", `{"subject":"assessor-1","displayName":"Assesseur","roles":["ASSESSOR"]}`,
		"key.subject", "assessor-1", "key.roles.0", "ASSESSOR", "key.creator", "admin")
	w.Keys["assessor-1"] = created["secret"].(string)
	for _, made := range [][2]string{
		{"registrar", "REGISTRAR"}, {"assessor-2", "ASSESSOR"}, {"jury-1", "JURY"}, {"jury-2", "JURY"},
		{"advisor", "DISABILITY_ADVISOR"}, {"reader", "READER"}, {"auditor", "AUDITOR"},
	} {
		w.NewKey(made[0], made[1])
	}
	w.Expect(call, "reader", "GET", "/v1/referentiels/marketing", "", "name", "referentiels/marketing", "current", "true",
		"blocs.1.code", "B2", "blocs.0.activities.0.code", "A1", "blocs.0.competences.0.method.kind", "PROFESSIONAL_PROJECT",
		"blocs.0.competences.0.blocOnlyMethod.kind", "PROFESSIONAL_FILE", "blocs.0.competences.0.criteria.0.code", "C1.1.1")
	w.Expect(call, "registrar", "POST", "/v1/candidates?candidateId=c-001",
		`{"birthName":"Martin","givenNames":["Léa"],"sex":"FEMALE","birthDate":{"year":1998,"month":4,"day":12},
		"externalIds":[{"system":"lms","id":"42"}]}`, "name", "candidates/c-001", "givenNames.0", "Léa")
	w.Expect(call, "reader", "GET", "/v1/candidates:lookup?system=lms&id=42", "", "name", "candidates/c-001")
	w.Expect(call, "registrar", "POST", "/v1/sessions?sessionId=s-001",
		`{"displayName":"Jury de juin","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":6,"day":15},
		"centre":{"code":"LYON","displayName":"Lyon"},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},
		{"subject":"jury-2","displayName":"Deux"}]}`, "state", "OPEN", "endDate.day", "15", "centre.code", "LYON")
	w.Expect(call, "registrar", "POST", "/v1/sessions/s-001/candidacies?candidacyId=k-001",
		`{"candidate":"candidates/c-001","scope":"WHOLE","accessRoute":"CONTINUING_TRAINING"}`,
		"state", "ENROLLED", "presentedBlocs", "[B1 B2 B3 B4]", "methodVariant", "NORMAL")
	w.Expect(call, "reader", "GET", "/v1/candidates/c-001/capitalisations/marketing", "",
		"blocs.0.status", "NOT_PRESENTED", "certification.status", "IN_PROGRESS")
	const k = "/v1/sessions/s-001/candidacies/k-001"
	w.Assess("assessor-1", "sessions/s-001/candidacies/k-001", "MET")
	w.Expect(call, "assessor-2", "POST", k+":recordAssessments", `{"assessments":[{"criterion":"C1.1.1","verdict":"NOT_MET","comment":"non"}]}`,
		"assessments.0.assessor", "assessor-2", "assessments.0.comment", "non")
	w.Expect(call, "jury-1", "GET", k+"/grid", "", "blocs.0.competences.0.criteria.0.status", "CONTESTED",
		"blocs.0.competences.0.criteria.0.reasons.0.rule", "ASSESSORS_DISAGREE", "blocs.0.competences.0.criteria.0.reasons.0.counted", "2",
		"blocs.0.outcome", "CONTESTED", "blocs.1.outcome", "ACQUIRED", "blocs.0.competences.0.method.kind", "PROFESSIONAL_PROJECT")
	w.Expect(call, "jury-1", "POST", k+":settleCriteria", `{"settlements":[{"criterion":"C1.1.1","verdict":"MET","motive":"vu"}]}`,
		"settlements.0.authors", "[jury-1]")
	w.Expect(call, "advisor", "POST", k+":adviseExemption", `{"criterion":"C1.1.2","favourable":true,"reasonedAdvice":"avis"}`,
		"advice.favourable", "true")
	w.Expect(call, "jury-1", "POST", k+":decideExemption", `{"criterion":"C1.1.2","granted":true,
		"capacityPreserved":{"holds":true,"reason":"a"},"notApplicableInPractice":{"holds":true,"reason":"b"}}`, "decision.granted", "true")
	etag := w.Expect(call, "jury-2", "GET", k+"/grid", "", "blocs.0.competences.0.criteria.1.status", "EXEMPTED")["etag"].(string)
	decided := w.Expect(call, "jury-1", "POST", k+":deliberate", `{"gridEtag":"`+etag+`","membersPresent":["jury-1","jury-2"],
		"blocDecisions":[{"bloc":"B3","outcome":"NOT_CAPITALISED","motive":"dossier absent"}]}`,
		"decisions.0.kind", "BLOC", "decisions.0.bloc", "B1", "decisions.0.outcome", "CAPITALISED", "decisions.0.computedOutcome", "ACQUIRED",
		"decisions.2.outcome", "NOT_CAPITALISED", "decisions.2.computedOutcome", "ACQUIRED", "decisions.2.motive", "dossier absent",
		"decisions.2.membersPresent.0.displayName", "Une", "capitalisation.certification.status", "IN_PROGRESS")
	rectified := Get(decided, "decisions", 2, "name").(string)
	award := w.Expect(call, "jury-1", "POST", "/v1/"+rectified+":rectify", `{"session":"sessions/s-001","membersPresent":["jury-1","jury-2"],
		"outcome":"CAPITALISED","motive":"dossier retrouvé"}`, "decisions.0.supersedes", rectified, "decisions.1.kind", "AWARD",
		"decisions.1.outcome", "AWARDED", "capitalisation.certification.status", "AWARDED")
	w.Expect(call, "reader", "GET", "/v1/"+rectified, "", "effective", "false", "supersededBy", Get(award, "decisions", 0, "name").(string))
	w.Expect(call, "reader", "GET", "/v1/candidates/c-001/capitalisations/marketing", "", "blocs.0.code", "B1",
		"blocs.0.status", "CAPITALISED", "certification.status", "AWARDED",
		"certification.decision", Get(award, "decisions", 1, "name").(string))
	w.Expect(call, "registrar", "POST", "/v1/sessions/s-001:close", `{}`, "state", "CLOSED")
}
