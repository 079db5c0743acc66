package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
)

// rawCodec sends bytes as they are and only counts what comes: both ends of echo,
// and whoever calls Acquis. It bears the name of the codec that it stands for.
type rawCodec struct{}

// Marshal implements encoding.CodecV2.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	bytes, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("bench: %T is no bytes", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(bytes)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	size, ok := v.(*int)
	if !ok {
		return fmt.Errorf("bench: %T is no size", v)
	}
	*size = data.Len()
	return nil
}

// Name implements encoding.CodecV2.
func (rawCodec) Name() string { return "proto" }

// rawCall makes a client's call one of bytes.
var rawCall = grpc.ForceCodecV2(rawCodec{})

func dial(address string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// withKey makes calls bear a key.
func withKey(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
}

// invoke makes a call with an encoded request and does not look at the answer.
func invoke(ctx context.Context, conn *grpc.ClientConn, method string, request []byte) error {
	var size int
	return conn.Invoke(ctx, method, request, &size, rawCall)
}

// A restClient is a connection for each caller, over which it sends requests that
// were written before. net/http's own client would take more of the machine than
// the servers that are to be measured.
type restClient struct {
	conns []*bufio.ReadWriter
	close func() error
}

func dialREST(address string, callers int) (*restClient, error) {
	c := new(restClient)
	var open []net.Conn
	c.close = func() error {
		var errs []error
		for _, conn := range open {
			errs = append(errs, conn.Close())
		}
		return errors.Join(errs...)
	}
	for range callers {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		open = append(open, conn)
		c.conns = append(c.conns, bufio.NewReadWriter(bufio.NewReaderSize(conn, 64<<10), bufio.NewWriter(conn)))
	}
	return c, nil
}

// do sends a request and reads the answer to its end.
func (c *restClient) do(caller int, request []byte) error {
	conn := c.conns[caller]
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if err := conn.Flush(); err != nil {
		return err
	}
	answer, err := http.ReadResponse(conn.Reader, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10)) // as much as helps
		return &refusal{answer.StatusCode, string(text)}
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// A refusal is an answer over REST that is not OK.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return fmt.Sprintf("%s: %s", http.StatusText(r.status), r.text) }

// restRequest writes a request as it goes over the wire; without a token, that of
// a stranger.
func restRequest(method, path, token string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, path)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}
