package services

import (
	"encoding/binary"

	"go.einride.tech/aip/pagination"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

const (
	defaultPageSize = 50
	maxPageSize     = 1000
	// maxScanned bounds how many records one page reads where a filter drops
	// most of them; the page is then short, and the next token goes on.
	maxScanned = 5000
)

// A page says which part of a list a request wants. Its token is bound to the RPC,
// its parameters and the caller: any other list refuses it.
type page struct {
	size  int
	after uint64 // the last uid, or position, that was looked at

	checksum uint32
}

// pageToken is what a token holds.
type pageToken struct {
	After    uint64
	Checksum uint32
}

func parsePage(caller *call.Caller, request pagination.Request) (page, error) {
	checksum, err := pagination.CalculateRequestChecksum(request)
	if err != nil {
		return page{}, err
	}
	whose := store.Fingerprint(string(request.ProtoReflect().Descriptor().FullName()), caller.Subject)
	checksum ^= binary.BigEndian.Uint32(whose)
	p := page{size: int(request.GetPageSize()), checksum: checksum}
	if p.size == 0 {
		p.size = defaultPageSize
	}
	if request.GetPageToken() == "" {
		return p, nil
	}
	var token pageToken
	err = pagination.DecodePageTokenStruct(request.GetPageToken(), &token)
	if err != nil || token.Checksum != checksum {
		return page{}, apierr.Invalid(acquispb.ErrorReason_PAGE_TOKEN_INVALID,
			apierr.Field("pageToken", "is not a page token of this list for this request"))
	}
	p.after = token.After
	return p, nil
}

// next returns the token for what lies after, or none at the end of the list.
func (p page) next(after uint64, more bool) string {
	if !more {
		return ""
	}
	return pagination.EncodePageTokenStruct(&pageToken{After: after, Checksum: p.checksum})
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

// slice returns the part of a list in memory that the page wants.
func slicePage[T any](p page, list []T) (part []T, token string) {
	start := min(p.after, uint64(len(list)))
	end := min(start+uint64(p.size), uint64(len(list)))
	return list[start:end], p.next(end, end < uint64(len(list)))
}
