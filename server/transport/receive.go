package transport

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// A messageSource is the stream of a call (the library's
// ServerTransportStream). We read from it ourselves, because the library would
// read messages of any RPC up to one global size into memory, for all streams
// at once, and would decode them unchecked. So we know the length of a message,
// and take its bytes from the budget, before we wait for it.
type messageSource interface {
	ReadMessageHeader(header []byte) error
	Read(n int) (mem.BufferSlice, error)
}

// receive reads a message of a call: the only one or, if there may be many, the
// next one or io.EOF. stream is the library's context of the call.
func (v *visit) receive(stream context.Context, req proto.Message) error {
	source, ok := grpc.ServerTransportStreamFromContext(stream).(messageSource)
	if !ok {
		return fmt.Errorf("transport: this version of the gRPC library does not expose its streams (%T)", grpc.ServerTransportStreamFromContext(stream))
	}
	inTime := v.mustArrive(stream)
	err := v.read(source, req)
	if !inTime() {
		return apierr.TooSlow(v.limits.ReceiveTimeout)
	}
	switch {
	case err == nil:
		v.counts.received.Inc()
	case errors.Is(err, io.EOF) && !v.many:
		return malformed("is missing")
	}
	return err
}

// mustArrive cuts off the stream if its message does not arrive within the
// limit. The returned function tells whether it arrived in time.
func (v *visit) mustArrive(stream context.Context) (inTime func() bool) {
	cut, ok := stream.Value(cutKey{}).(context.CancelFunc)
	if !ok {
		return func() bool { return true }
	}
	return time.AfterFunc(v.limits.ReceiveTimeout, cut).Stop
}

// A cuttable context is that of a call over gRPC. It ends at the method's
// deadline, except for streams (see giveUp), or if it is cut, which the
// library's reader notices. When the call has ended, the library ends it.
type cuttable struct {
	context.Context
	cut context.CancelFunc
}

type cutKey struct{}

// Value implements context.Context.
func (c *cuttable) Value(key any) any {
	if key == (cutKey{}) {
		return c.cut
	}
	return c.Context.Value(key)
}

// limitTime gives a stream its context. The library holds a lock when it calls
// it, so it does nothing else.
func (t *Transport) limitTime(ctx context.Context, info *tap.Info) (context.Context, error) {
	m, ok := t.methods[info.FullMethodName]
	if !ok {
		m = t.unknown
	}
	if m.streams {
		ctx, cut := context.WithCancel(ctx)
		return &cuttable{ctx, cut}, nil
	}
	ctx, cut := context.WithTimeout(ctx, m.timeout)
	return &cuttable{ctx, cut}, nil
}

func (v *visit) read(source messageSource, req proto.Message) error {
	var header [5]byte // whether it is packed, and its length
	if err := source.ReadMessageHeader(header[:]); errors.Is(err, io.EOF) {
		return io.EOF
	} else if err != nil {
		return v.unread(err)
	}
	size, most := binary.BigEndian.Uint32(header[1:]), min(v.limits.MaxRequestBytes, v.mostWire())
	switch {
	case header[0] != 0:
		return malformed("is compressed, which this service does not accept")
	case int64(size) > int64(most):
		return apierr.TooLarge(most)
	}
	if err := v.borrow(int(size)); err != nil {
		return err
	}
	data, err := source.Read(int(size))
	if err != nil {
		return v.unread(err)
	}
	defer data.Free()
	if err := v.last(source); err != nil {
		return err
	}
	if err := v.ticket.Start(v.ctx); err != nil {
		return err
	}
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	if err := v.checkWire(buffer.ReadOnlyData()); err != nil {
		return err
	}
	if err := proto.Unmarshal(buffer.ReadOnlyData(), req); err != nil {
		return malformed("is not a message of this call")
	}
	return nil
}

// last refuses a second message of a call that takes one, because it is unclear
// which one the caller means.
func (v *visit) last(source messageSource) error {
	if v.many {
		return nil
	}
	var header [5]byte
	switch err := source.ReadMessageHeader(header[:]); {
	case err == nil, errors.Is(err, io.ErrUnexpectedEOF):
		return malformed("is not the only message: this call takes exactly one")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return v.unread(err)
	}
}

// unread is the error for a message that did not arrive. If it is not about the
// message itself, the call has no time left, or the caller or the connection is
// gone.
func (v *visit) unread(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("ended before it was complete")
	}
	return errors.Join(cmp.Or(v.ctx.Err(), context.Canceled), err)
}

func malformed(rule string) error {
	return apierr.Invalid(acquispb.ErrorReason_MALFORMED_BODY, apierr.Field("request", rule))
}
