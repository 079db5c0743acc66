// Command deps writes the proto files that our contract imports into a folder,
// so that buf needs neither a schema registry nor a network.
//
// The files are printed from the descriptors that the Go packages below carry:
// their versions are therefore always those of go.mod. Run it through
// "make generate"; the folder (.proto-deps) is git-ignored and made anew.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jhump/protoreflect/v2/protoprint"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate" // buf/validate
	_ "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2/options"  // openapiv2 options
	_ "google.golang.org/genproto/googleapis/api/annotations"                   // google/api
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"                    // google/rpc, for clients that read errors
	_ "google.golang.org/genproto/googleapis/rpc/status"                        // google/rpc
	_ "google.golang.org/genproto/googleapis/type/date"                         // google/type
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deps FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "deps:", err)
		os.Exit(1)
	}
}

// write prints every linked proto file except protobuf's own, which buf brings.
func write(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	var failed error
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(file.Path(), "google/protobuf/") {
			failed = writeFile(dir, file)
		}
		return failed == nil
	})
	return failed
}

func writeFile(dir string, file protoreflect.FileDescriptor) error {
	path := filepath.Join(dir, filepath.FromSlash(file.Path()))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	var printer protoprint.Printer
	if err := printer.PrintProtoFile(file, out); err != nil {
		return errors.Join(err, out.Close())
	}
	return out.Close()
}
