package services

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

const (
	defaultPageSize = 50
	maxPageSize     = 1000
	// maxBatch is the size of a page of what costs more for each item: a purge, an export.
	maxBatch = 100
	// maxScanned bounds how many records one page reads where a filter drops
	// most of them; the page is then short, and the next token goes on.
	maxScanned = 5000
)

// pageRequest is a request for one page of a list.
type pageRequest interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// pages makes and reads page tokens. A token is encrypted and authenticated, so that
// it tells nothing of what it stands for, and nobody can make one. Its key is derived
// from the first event's salt, which never leaves the store and is never erased: a
// token is good after a restart, and for every process over the same store.
type pages struct{ aead cipher.AEAD }

// newPages makes those of a store that was bootstrapped.
func newPages(ctx context.Context, s store.Store) (p pages, err error) {
	var salt []byte
	err = s.View(ctx, func(r store.Reader) error {
		first, err := r.Events(0, 1)
		if err == nil && len(first) == 0 {
			err = errors.New("the store was not bootstrapped: it has no event")
		}
		if err == nil {
			salt = first[0].GetStubSalt()
		}
		return err
	})
	if err != nil {
		return p, err
	}
	key, err := hkdf.Key(sha256.New, salt, nil, "acquis page tokens", 32)
	if err != nil {
		return p, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return p, err
	}
	p.aead, err = cipher.NewGCMWithRandomNonce(block)
	return p, err
}

// A page says which part of a list a request wants.
type page struct {
	size  int
	after uint64 // the last uid, or position, that was looked at

	tokens pages
	list   []byte // which list it is: the additional data of its tokens
}

// parse reads which page a request wants. Its token must be one of the same list: of
// the same RPC and parameters, and of the same caller, for whom the same centre exists.
func (p pages) parse(caller *call.Caller, request pageRequest) (page, error) {
	list, err := listOf(caller, request)
	if err != nil {
		return page{}, err
	}
	wanted := page{size: min(int(request.GetPageSize()), mostOn(request)), tokens: p, list: list}
	if wanted.size == 0 {
		wanted.size = defaultPageSize
	}
	if request.GetPageToken() == "" {
		return wanted, nil
	}
	if wanted.after, err = p.open(request.GetPageToken(), list); err != nil {
		return page{}, apierr.Invalid(acquispb.ErrorReason_PAGE_TOKEN_INVALID, apierr.Field("pageToken",
			"is not a token of this list: send the nextPageToken of the page before, with all other parameters but pageSize as in its request, by the same subject, for the same centre; or begin again without a token"))
	}
	return wanted, nil
}

// mostOn is how many a page may have at most.
func mostOn(request pageRequest) int {
	switch request.(type) {
	case *acquispb.PurgeCandidatesRequest, *acquispb.ExportCandidateRequest:
		return maxBatch
	}
	return maxPageSize
}

// listOf digests what makes a list another list. The size of pages may change from one
// to the next; and each page of a purge is a request of its own.
func listOf(caller *call.Caller, request pageRequest) ([]byte, error) {
	list := proto.Clone(request).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_size", "page_token", "request_id"} {
		if field := list.Descriptor().Fields().ByName(name); field != nil {
			list.Clear(field)
		}
	}
	parameters, err := proto.MarshalOptions{Deterministic: true}.Marshal(list.Interface())
	return store.Fingerprint(string(list.Descriptor().FullName()), caller.Subject, caller.Centre, string(parameters)), err
}

// open returns the position in a token of a list.
func (p pages) open(token string, list []byte) (after uint64, err error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return 0, err
	}
	if base64.RawURLEncoding.EncodeToString(sealed) != token { // line breaks, which the decoder skips
		return 0, errors.New("not as it was given")
	}
	position, err := p.aead.Open(nil, nil, sealed, list)
	if err != nil {
		return 0, err
	}
	if len(position) != 8 {
		return 0, errors.New("not a position")
	}
	return binary.BigEndian.Uint64(position), nil
}

// next returns the token for what lies after, or none at the end of the list.
func (p page) next(after uint64, more bool) string {
	if !more {
		return ""
	}
	position := binary.BigEndian.AppendUint64(nil, after)
	return base64.RawURLEncoding.EncodeToString(p.tokens.aead.Seal(nil, nil, position, p.list))
}

// A source reads up to limit uids above after, in order.
type source func(after uint64, limit int) ([]uint64, error)

// fill walks a source until the page is full, the source ends or too much was
// read. keep converts a record and tells whether the list shows it. To a full page it
// is asked whether there is a next one: with room false, and adds nothing then. So
// that there is a token tells nothing of records that the list does not show.
func (p page) fill(next source, keep func(uid uint64, room bool) (bool, error)) (token string, err error) {
	after, last, kept := p.after, p.after, 0 // what was read, and what was shown last
	for scanned := 0; scanned < maxScanned; {
		limit := min(p.size, maxScanned-scanned)
		uids, err := next(after, limit)
		if err != nil {
			return "", err
		}
		for _, uid := range uids {
			ok, err := keep(uid, kept < p.size)
			switch {
			case err != nil:
				return "", err
			case ok && kept == p.size:
				return p.next(last, true), nil
			case ok:
				kept, last = kept+1, uid
			}
			after = uid
		}
		scanned += len(uids)
		if len(uids) < limit {
			return "", nil
		}
	}
	return p.next(after, true), nil
}

// slicePage returns the part of a list in memory that the page wants. at is where an
// item is in the list: above 0, ascending, and the same in the next page even if
// items before it are there no more, or are new.
func slicePage[T any](p page, list []T, at func(T) uint64) (part []T, token string) {
	start := 0
	for start < len(list) && at(list[start]) <= p.after {
		start++
	}
	end := min(start+p.size, len(list))
	if end == len(list) {
		return list[start:], ""
	}
	return list[start:end], p.next(at(list[end-1]), true)
}
