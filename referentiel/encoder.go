package referentiel

import "encoding/binary"

// encoder writes an encoding.
type encoder []byte

func (e *encoder) uint32(n uint32) { *e = binary.BigEndian.AppendUint32(*e, n) }

func (e *encoder) string(s string) {
	e.uint32(uint32(len(s)))
	*e = append(*e, s...)
}

// end closes a message.
func (e *encoder) end() { *e = append(*e, 0) }

func (e *encoder) text(field byte, s string) {
	if s != "" {
		*e = append(*e, field)
		e.string(s)
	}
}

// yes writes a yes.
func (e *encoder) yes(field byte, is bool) {
	if is {
		*e = append(*e, field, 1)
	}
}

// answer writes a yes or no that is set.
func (e *encoder) answer(field byte, is *bool) {
	if is == nil {
		return
	}
	*e = append(*e, field, 0)
	if *is {
		(*e)[len(*e)-1] = 1
	}
}

// kind writes a number of an enum.
func (e *encoder) kind(field byte, n int32) {
	if n != 0 {
		e.number(field, &n)
	}
}

func (e *encoder) texts(field byte, items []string) {
	if len(items) == 0 {
		return
	}
	*e = append(*e, field)
	e.uint32(uint32(len(items)))
	for _, s := range items {
		e.string(s)
	}
}

// number writes a number that is set, whatever its value.
func (e *encoder) number(field byte, n *int32) {
	if n != nil {
		*e = append(*e, field)
		e.uint32(uint32(*n))
	}
}

// message writes a message, unless it has no fields.
func (e *encoder) message(field byte, fields func(*encoder)) {
	start := len(*e)
	*e = append(*e, field)
	fields(e)
	if len(*e) == start+1 {
		*e = (*e)[:start]
		return
	}
	e.end()
}

// each writes a list of messages.
func each[T any](e *encoder, field byte, items []T, fields func(*encoder, T)) {
	if len(items) == 0 {
		return
	}
	*e = append(*e, field)
	e.uint32(uint32(len(items)))
	for _, item := range items {
		fields(e, item)
		e.end()
	}
}
