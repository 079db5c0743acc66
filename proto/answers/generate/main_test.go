package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// answering returns a plugin's request for a package with one RPC, whose answer has
// one field. It imports one whose answers are not asked for, and would be refused.
func answering(field *descriptorpb.FieldDescriptorProto, nested ...*descriptorpb.DescriptorProto) *pluginpb.CodeGeneratorRequest {
	field.Name, field.Number = proto.String("value"), proto.Int32(1)
	duration := protodesc.ToFileDescriptorProto(durationpb.File_google_protobuf_duration_proto)
	get := func(output string) []*descriptorpb.ServiceDescriptorProto {
		return []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Service"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: proto.String("Get"), InputType: proto.String(".google.protobuf.Duration"), OutputType: proto.String(output),
		}}}}
	}
	duration.Service = get(".google.protobuf.Duration")
	return &pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{"test.proto"},
		ProtoFile: []*descriptorpb.FileDescriptorProto{duration, {
			Name: proto.String("test.proto"), Package: proto.String("test"), Syntax: proto.String("proto3"),
			Dependency:  []string{duration.GetName()},
			Options:     &descriptorpb.FileOptions{GoPackage: proto.String("example.org/test")},
			MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Answer"), Field: []*descriptorpb.FieldDescriptorProto{field}, NestedType: nested}},
			Service:     get(".test.Answer"),
		}},
	}
}

// TestUnknownKindsAreRefused: what the generator has not learned must not be written
// in some other way than protojson does.
func TestUnknownKindsAreRefused(t *testing.T) {
	entry := &descriptorpb.DescriptorProto{
		Name: proto.String("ValueEntry"), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
		Field: []*descriptorpb.FieldDescriptorProto{
			{Name: proto.String("key"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()},
			{Name: proto.String("value"), Number: proto.Int32(2), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()},
		},
	}
	repeated, message := descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum(), descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum()
	for name, c := range map[string]struct {
		request *pluginpb.CodeGeneratorRequest
		refused string
	}{
		"string":   {answering(&descriptorpb.FieldDescriptorProto{Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()}), ""},
		"float":    {answering(&descriptorpb.FieldDescriptorProto{Type: descriptorpb.FieldDescriptorProto_TYPE_FLOAT.Enum()}), "test.Answer.value"},
		"map":      {answering(&descriptorpb.FieldDescriptorProto{Label: repeated, Type: message, TypeName: proto.String(".test.Answer.ValueEntry")}, entry), "test.Answer.ValueEntry"},
		"duration": {answering(&descriptorpb.FieldDescriptorProto{Type: message, TypeName: proto.String(".google.protobuf.Duration")}), "google.protobuf.Duration"},
	} {
		t.Run(name, func(t *testing.T) {
			plugin, err := protogen.Options{}.New(c.request)
			if err != nil {
				t.Fatal(err)
			}
			switch err := generate(plugin); {
			case c.refused == "" && err != nil:
				t.Error(err)
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
				t.Errorf("error %v, want one that names %s", err, c.refused)
			}
		})
	}
}
