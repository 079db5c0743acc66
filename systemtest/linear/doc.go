// Package linear has 64 callers use a server at the same time, also with kills,
// power cuts, full and failing disks (faults_test.go), and uses porcupine to look
// for one order of all calls that explains every answer. The expected behaviour
// of a candidacy is in model_test.go, on one page. The tests are longer with
// ACQUIS_LONG=1, and print their seeds.
package linear
