package listen

import "time"

// preface is the beginning of an HTTP/2 connection.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

const headerLength = 9

// Types and flags of frames (RFC 9113, section 6).
const (
	typeData         = 0x0
	typeHeaders      = 0x1
	typePriority     = 0x2
	typeReset        = 0x3
	typeSettings     = 0x4
	typePing         = 0x6
	typeWindowUpdate = 0x8
	typeContinuation = 0x9

	flagAck    = 0x1 // of SETTINGS and PING
	flagPadded = 0x8 // of DATA
)

// A phase of a connection says what its next byte is.
type phase uint8

const (
	inPreface phase = iota
	inHeader
	inPayload
	inOther // not HTTP/2: HTTP/1 has its own limits
)

// frames reads the headers of HTTP/2 frames in the bytes of a peer, in whatever
// pieces they arrive, and stores none of them. It only checks budgets: the
// content of frames is checked by the library.
type frames struct {
	account
	phase  phase
	have   int // bytes of the preface or the header received
	header [headerLength]byte
	rest   int // bytes of the payload not received yet
}

func (f *frames) init(now func() time.Time) { f.account.init(now) }

// begun tells whether the protocol of the peer is known.
func (f *frames) begun() bool { return f.phase != inPreface }

// read returns the kind of frame that the peer has sent too many of, or none.
func (f *frames) read(p []byte) kind {
	for len(p) > 0 && f.phase != inOther {
		switch f.phase {
		case inPreface:
			p = f.readPreface(p)
		case inPayload:
			p = f.readPayload(p)
		default:
			n := copy(f.header[f.have:], p)
			f.have, p = f.have+n, p[n:]
			if f.have < headerLength {
				return none
			}
			if k := f.count(); k != none {
				return k
			}
		}
	}
	return none
}

func (f *frames) readPreface(p []byte) []byte {
	n := min(len(p), len(preface)-f.have)
	if string(p[:n]) != preface[f.have:f.have+n] {
		f.phase = inOther
		return nil
	}
	if f.have += n; f.have == len(preface) {
		f.phase, f.have = inHeader, 0
	}
	return p[n:]
}

func (f *frames) readPayload(p []byte) []byte {
	n := min(len(p), f.rest)
	if f.rest -= n; f.rest == 0 {
		f.phase = inHeader
	}
	return p[n:]
}

// count subtracts a frame from its budget, when its header is complete.
func (f *frames) count() kind {
	f.have, f.rest = 0, int(f.header[0])<<16|int(f.header[1])<<8|int(f.header[2])
	if f.rest > 0 {
		f.phase = inPayload
	}
	k := f.kind()
	if k != none && !f.spend(k) {
		return k
	}
	return none
}

// kind returns the budget that the frame belongs to; none if it needs none.
func (f *frames) kind() kind {
	flags := f.header[4]
	switch f.header[3] {
	case typeData:
		return f.dataKind(flags)
	case typeHeaders:
		f.request()
		return headersFrame
	case typePriority:
		return priorityFrame
	case typeReset:
		return resetFrame
	case typeSettings:
		return settingsFrame
	case typePing:
		if flags&flagAck != 0 {
			return pongFrame
		}
		return pingFrame
	case typeWindowUpdate:
		return windowFrame
	case typeContinuation:
		return continuationFrame
	}
	return otherFrame
}

// dataKind counts data by what it can carry; a frame has at most 256 bytes of
// padding.
func (f *frames) dataKind(flags byte) kind {
	small := f.rest < smallData || flags&flagPadded != 0 && f.rest < smallData+256
	f.data(small)
	if !small {
		return none
	}
	return smallDataFrame
}
