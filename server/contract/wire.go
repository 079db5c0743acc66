package contract

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
)

// CheckWire checks bytes of protobuf before they are decoded. It refuses values
// over a limit of the proto file, unknown fields, and single fields that occur
// more than once: protobuf would merge such messages, and use the last of such
// scalars, which no caller intends. Accepted bytes need about as much memory
// when decoded. Texts that are not UTF-8 pass; the decoder refuses them. The
// walk itself allocates nothing.
func (s *Shape) CheckWire(data []byte) *Fault {
	w := wireWalk{left: MaxItems}
	return w.message(s.top, data, maxDepth)
}

// A wireWalk is one walk over a request.
type wireWalk struct {
	left int // items that the lists may still have
}

// counts tells how often each field of one message has occurred, by its index.
type counts [maxFields]int32

func (w *wireWalk) message(n *node, data []byte, depth int) *Fault {
	if depth == 0 {
		return tooDeep()
	}
	var met counts
	for len(data) > 0 {
		tag, size := uvarint(data)
		if size <= 0 {
			return noMessage()
		}
		data = data[size:]
		number, kind := tag>>3, protowire.Type(tag&7)
		if number == 0 || number > uint64(protowire.MaxValidNumber) {
			return noMessage()
		}
		if number >= uint64(len(n.byNumber)) || n.byNumber[number] < 0 {
			return unknownField()
		}
		i := int(n.byNumber[number])
		size, fault := w.value(&n.fields[i], kind, data, &met[i], depth)
		if fault != nil {
			return fault
		}
		data = data[size:]
	}
	return nil
}

// value checks one value of a field and returns its size. A known field in
// another wire format is a fault, because the decoder would treat it as
// unknown.
func (w *wireWalk) value(f *field, kind protowire.Type, data []byte, met *int32, depth int) (size int, fault *Fault) {
	if kind != protowire.BytesType {
		size = scalarSize(f, kind, data)
		switch {
		case size == 0:
			return 0, unknownField()
		case size < 0 || size > len(data):
			return 0, noMessage()
		}
		return size, w.count(f, met, 1)
	}
	length, size := uvarint(data)
	if size <= 0 || length > uint64(len(data)-size) {
		return 0, noMessage()
	}
	content := data[size : size+int(length)]
	if f.form >= text {
		fault = w.item(f, content, met, depth)
	} else {
		fault = w.packed(f, content, met)
	}
	return size + int(length), fault
}

// scalarSize is the size of a number on the wire: 0 if the field has another
// format, negative if it does not end.
func scalarSize(f *field, kind protowire.Type, data []byte) int {
	switch {
	case kind == protowire.VarintType && f.form == varint:
		if _, size := uvarint(data); size > 0 {
			return size
		}
		return -1
	case kind == protowire.Fixed32Type && f.form == fixed32:
		return 4
	case kind == protowire.Fixed64Type && f.form == fixed64:
		return 8
	case kind > protowire.Fixed32Type || kind == protowire.EndGroupType:
		return -1
	}
	return 0
}

// item checks a text, bytes or a message.
func (w *wireWalk) item(f *field, content []byte, met *int32, depth int) *Fault {
	if fault := w.count(f, met, 1); fault != nil {
		return fault
	}
	if f.form != message {
		if len(content) > f.bytes {
			return tooLong(f, int(*met)-1)
		}
		return nil
	}
	return w.message(f.inner, content, depth-1).within(f, int(*met)-1)
}

// packed checks a packed list of numbers.
func (w *wireWalk) packed(f *field, content []byte, met *int32) *Fault {
	if !f.list {
		return unknownField()
	}
	items := 0
	switch f.form {
	case fixed32:
		items = len(content) / 4
		if len(content)%4 != 0 {
			return noMessage()
		}
	case fixed64:
		items = len(content) / 8
		if len(content)%8 != 0 {
			return noMessage()
		}
	default:
		for ; len(content) > 0; items++ {
			_, size := uvarint(content)
			if size <= 0 {
				return noMessage()
			}
			if items >= f.items {
				return tooMany(f)
			}
			content = content[size:]
		}
	}
	return w.count(f, met, items)
}

// count adds that many occurrences of a field.
func (w *wireWalk) count(f *field, met *int32, items int) *Fault {
	if items > f.items-int(*met) {
		return tooMany(f)
	}
	*met += int32(items)
	if !f.list {
		return nil
	}
	if w.left -= items; w.left < 0 {
		return tooManyItems(f)
	}
	return nil
}

// uvarint reads a number; most tags and lengths are one byte.
func uvarint(data []byte) (value uint64, size int) {
	if len(data) > 0 && data[0] < 0x80 {
		return uint64(data[0]), 1
	}
	return binary.Uvarint(data)
}
