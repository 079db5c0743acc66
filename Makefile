# Common tasks; "make" lists them.

BUF  := go tool -modfile=tools/go.mod buf
LINT := go tool -modfile=tools/go.mod golangci-lint
FUZZTIME ?= 60s
BENCHTIME ?= 1s
BENCH ?= --quick

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.PHONY: run
run: ## start the service on ./data
	go run ./cmd/acquis serve

.PHONY: demo
demo: ## play six candidates through a real server
	go run ./cmd/acquis demo

.PHONY: test
test: ## run all tests
	go test ./...

.PHONY: test-bench
test-bench: ## vet and test the bench, a separate module
	cd bench && go vet ./... && go test ./...

.PHONY: race
race: ## run all tests under the race detector
	go test -race ./...

.PHONY: vet
vet: ## vet the code
	go vet ./...

.PHONY: lint
lint: .proto-deps ## lint Go and proto
	$(LINT) run --allow-parallel-runners
	cd bench && $(subst tools/,../tools/,$(LINT)) run --allow-parallel-runners
	$(BUF) lint
	$(BUF) format --diff --exit-code proto

.PHONY: generate
generate: .proto-deps ## regenerate gen/ from proto/, and the schema of référentiels
	rm -rf gen/acquis gen/openapi/*.json
	$(BUF) generate
	go test ./referentiel -run '^TestSchema$$' -update

.PHONY: .proto-deps
.proto-deps:
	@go run ./proto/deps .proto-deps

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (60s)
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -ho '^func Fuzz[A-Za-z0-9]*' $$package/*_test.go | cut -c6-); do \
			go test $$package -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x || exit 1; \
		done; \
	done

.PHONY: bench
bench: ## compare Acquis with the machine's limits and with alternatives; flags in BENCH (--quick)
	cd bench && go run . $(BENCH)

.PHONY: bench-paired
bench-paired: ## compare the processor time of each call with the revision BEFORE; flags in BENCH
	@test -n "$(BEFORE)" || { echo "set BEFORE=<revision>" >&2; exit 1; }
	@old=$$(mktemp -d) && trap 'rm -rf "$$old"' EXIT && \
		git archive $(BEFORE) | tar -x -C "$$old" && go build -C "$$old" -o acquis ./cmd/acquis && \
		cd bench && go run . --before "$$old/acquis" $(BENCH)

.PHONY: benchmarks
benchmarks: ## run every Go benchmark for BENCHTIME (1s)
	go test -run '^$$' -bench . -benchtime $(BENCHTIME) ./server/... ./store/bolt ./systemtest

.PHONY: mutants
mutants: ## plant faults in the code, one at a time, and tell which tests notice: hours; MUTANTS holds flags
	go run ./systemtest/mutants $(MUTANTS)

.PHONY: docs
docs: ## run the commands of the documents
	.ci/docs

.PHONY: clients
clients: ## build and run the clients of docs/integrators.md (npm, protoc)
	.ci/clients

.PHONY: image
image: ## build and test the image without docker (root, buildah)
	.ci/image

.PHONY: vulnerabilities
vulnerabilities: ## look for known vulnerabilities in the code that the binary calls (network)
	.ci/vulnerabilities

.PHONY: ci
ci: ## what CI runs, on this tree
	.ci/run
