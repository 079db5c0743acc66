package store

// A Want is one read that Prefetch announces: Get of the record under (Kind, Key)
// or, if Limit is above 0, Scan(Kind, Key, After, Limit) with Key as the prefix.
type Want struct {
	Kind  KindID
	Key   []byte
	After []byte
	Limit int
}

// One announces Get of this key.
func (t Records[M, P]) One(key []byte) Want { return Want{Kind: t.Kind, Key: key} }

// Every announces All of this prefix: its first page, which is usually the only
// one.
func (t Records[M, P]) Every(prefix []byte) Want {
	return Want{Kind: t.Kind, Key: prefix, Limit: pageSize}
}

// Listing announces ListUIDs of this owner: its first page, as Listed asks for it.
func Listing(index KindID, owner uint64) Want {
	return Want{Kind: index, Key: Key(owner), After: Key(owner, 0), Limit: pageSize}
}

// Name announces Lookup of this label.
func Name(c Collection, label string) Want {
	return Want{Kind: KindName, Key: NameKey(c, label)}
}
