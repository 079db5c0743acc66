package referentiel

import (
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// registered says everything of a registration, and certified of a certificateur.
func registered() *storepb.Register {
	return &storepb.Register{
		Kind: 1, Number: "RNCP35340", Level: new(int32(6)), EqfLevel: new(int32(6)),
		Nsf: []string{"312m", "320"}, Formacode: []string{"34052"}, Rome: []string{"M1705", "E1103"},
		DecisionDate: "2024-03-27", RegistrationDate: "2024-03-27", ExpiryDate: "2027-03-27", DeliveryDeadline: "2027-09-27",
		Divisible: new(true),
	}
}

func certified() *storepb.Certificateur {
	return &storepb.Certificateur{LegalName: "École de vente SAS", TradeName: "École V", Siret: "73282932000074"}
}

// Registers: numbers, levels, codes.
func TestCheckRegister(t *testing.T) {
	register := func(change func(r *storepb.Register)) func(*storepb.Referentiel) {
		return func(r *storepb.Referentiel) {
			r.Register = registered()
			change(r.Register)
		}
	}
	runChecks(t, []checkCase{
		{"all that a register can have", register(func(*storepb.Register) {}), nil},
		{"a number that is not there yet", register(func(r *storepb.Register) { r.Number = "" }), nil},
		{"register without kind", register(func(r *storepb.Register) { r.Kind = 0 }),
			[]string{"register.kind: must not be empty"}},
		{"kind of register unknown", register(func(r *storepb.Register) { r.Kind = 4 }),
			[]string{"register.kind: 4 is not a kind of register"}},
		{"RNCP number without letters", register(func(r *storepb.Register) { r.Number = "35340" }),
			[]string{`register.number: "35340" must be RNCP and 1 to 6 digits, such as RNCP35340; leave it out if there is none yet`}},
		{"RNCP number in the RS", register(func(r *storepb.Register) { r.Kind, r.Level, r.EqfLevel = 2, nil, nil }),
			[]string{`register.number: "RNCP35340" must be RS and 1 to 6 digits, such as RS5616; leave it out if there is none yet`}},
		{"levels in the RS", register(func(r *storepb.Register) { r.Kind, r.Number = 2, "RS5616" }),
			[]string{
				"register.level: must be left out: the répertoire spécifique has no levels",
				"register.eqf_level: must be left out: the répertoire spécifique has no levels"}},
		{"another register", register(func(r *storepb.Register) { r.Kind, r.Number = 3, "SBFI 68800" }), nil},
		{"level 9", register(func(r *storepb.Register) { r.Level = new(int32(9)) }),
			[]string{"register.level: is 9; must be 1 to 8"}},
		{"code without its zero", register(func(r *storepb.Register) { r.Nsf[0], r.Formacode[0], r.Rome[0] = "31", "3405", "Z1705" }),
			[]string{
				`register.nsf[0]: "31" must be 3 digits and at most one letter, such as 312m`,
				`register.formacode[0]: "3405" must be 5 digits, such as 34052`,
				`register.rome[0]: "Z1705" must be a letter from A to N and 4 digits, such as M1705`}},
		{"code twice", register(func(r *storepb.Register) { r.Rome[1] = "M1705" }),
			[]string{`register.rome[1]: "M1705" is listed twice`}},
	})
}

// Days of a registration: that they exist, and their order.
func TestCheckRegisteredDays(t *testing.T) {
	days := func(decided, first, last, deadline string) func(*storepb.Referentiel) {
		return func(r *storepb.Referentiel) {
			r.Register.DecisionDate, r.Register.RegistrationDate, r.Register.ExpiryDate, r.Register.DeliveryDeadline = decided, first, last, deadline
		}
	}
	runChecks(t, []checkCase{
		{"decided on its last day, after it took effect", days("2027-03-27", "2024-03-27", "2027-03-27", "2027-03-27"), nil},
		{"a deadline without an end", days("", "", "", "2027-09-27"), nil},
		{"a day that does not exist", days("2023-02-29", "", "", ""),
			[]string{`register.decision_date: "2023-02-29" must be a day from 1900 to 2099, such as 2027-03-31`}},
		{"a day as people write it", days("", "27/03/2024", "", ""),
			[]string{`register.registration_date: "27/03/2024" must be a day from 1900 to 2099, such as 2027-03-31`}},
		{"days in the wrong order", days("2027-03-28", "2027-03-27", "2027-03-27", "2027-03-26"),
			[]string{
				"register.decision_date: must not be after expiry_date, 2027-03-27",
				"register.registration_date: must be before expiry_date, 2027-03-27",
				"register.delivery_deadline: must not be before expiry_date, 2027-03-27"}},
	})
}

// Certificateurs, and the key of a SIRET.
func TestCheckCertificateur(t *testing.T) {
	siret := func(s string) func(*storepb.Referentiel) {
		return func(r *storepb.Referentiel) {
			r.Certificateur = certified()
			r.Certificateur.Siret = s
		}
	}
	const wrong = "has a wrong digit, or two swapped ones: its last digit is computed from the others"
	runChecks(t, []checkCase{
		{"all that a certificateur can have", siret("73282932000074"), nil},
		{"head office of La Poste", siret("35600000000048"), nil},
		{"another office of La Poste", siret("35600000049837"), nil},
		{"SIRET with a wrong digit", siret("73282932000075"), []string{`certificateur.siret: "73282932000075" ` + wrong}},
		{"SIRET with two swapped digits", siret("73829232000074"), []string{`certificateur.siret: "73829232000074" ` + wrong}},
		{"SIRET of La Poste with a wrong digit", siret("35600000049838"), []string{`certificateur.siret: "35600000049838" ` + wrong}},
		{"SIRET with spaces", siret("732 829 320 00074"), []string{`certificateur.siret: "732 829 320 00074" must be 14 digits without spaces`}},
		{"name of two lines", func(r *storepb.Referentiel) { r.Certificateur = &storepb.Certificateur{LegalName: "a\nb"} },
			[]string{"certificateur.legal_name: must not contain U+000A, a control character or line break"}},
	})
}

// One wrong digit of a SIRET is always noticed, at each of its places.
func TestSiretWithOneWrongDigit(t *testing.T) {
	const right = "73282932000074"
	for i := range right {
		for digit := '0'; digit <= '9'; digit++ {
			typed := right[:i] + string(digit) + right[i+1:]
			if siretAddsUp(typed) != (typed == right) {
				t.Errorf("%s adds up: %t", typed, typed != right)
			}
		}
	}
}

// A référentiel of which only the number in the RNCP is known keeps the encoding, and so
// the id, that it had when this was a key of its own.
func TestNumberKeepsItsPlace(t *testing.T) {
	r := &storepb.Referentiel{Id: "v", Register: &storepb.Register{Kind: 1, Number: "RNCP1"}}
	const want = "acquis.referentiel.v1\n" + "\x01\x00\x00\x00\x01v" + "\x03\x00\x00\x00\x05RNCP1" + "\x00"
	if got := string(encode(r)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := ID(small()), "83c3749abfe1a38f7330f3154794b315"; got != want {
		t.Errorf("id %s, want %s", got, want)
	}
	r.Register.Level = new(int32(6))
	if got, want := string(encode(r)), want[:len(want)-1]+"\x09"+"\x03\x00\x00\x00\x06"+"\x00\x00"; got != want {
		t.Errorf("with a level %q, want %q", got, want)
	}
}

// What is said of divisibility is part of the id, also if it says what the default is.
func TestDivisibleGivenIsNotLeft(t *testing.T) {
	ids := make(map[string]bool)
	for _, divisible := range []*bool{nil, new(true), new(false)} {
		r := small()
		r.Register.Divisible = divisible
		ids[ID(r)] = true
	}
	if len(ids) != 3 {
		t.Error("three answers have", len(ids), "ids")
	}
}

// A certification is found by its number and by its certificateur.
func TestSearchRegister(t *testing.T) {
	r := small()
	r.Certificateur = certified()
	compiled, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"rncp35340": "Vente", "ecole vente": "Vente", "rncp35341": ""} {
		query, err := ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		hits, _ := compiled.Search(query, 0, 10)
		for _, hit := range hits {
			found = append(found, hit.Text)
		}
		if got := strings.Join(found, ", "); got != want {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
}
