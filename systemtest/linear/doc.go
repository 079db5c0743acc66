// Package linear lets 64 callers at once loose on a server, across kills, power cuts, full
// and failing disks too (faults_test.go), and has porcupine look for one order of all
// calls that explains every answer. What a candidacy should do stands in model_test.go,
// on a page. The tests are longer with ACQUIS_LONG=1, and print their seeds.
package linear
