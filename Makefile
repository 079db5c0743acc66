# The common tasks, one word each. "make" lists them.

BUF := go tool -modfile=tools/go.mod buf

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

.PHONY: generate
generate: .proto-deps ## write gen/ anew from proto/
	rm -rf gen/acquis gen/openapi/*.json
	$(BUF) generate

.PHONY: .proto-deps
.proto-deps:
	@go run ./proto/deps .proto-deps
