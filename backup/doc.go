// Package backup makes backups of a store, on demand and by the clock ([Maker]), and
// knows their form: one file that says what it is.
//
// # The idea
//
// A backup is the copy of a store, byte by byte, followed by one block that
// describes it. The block is a [Manifest] in JSON behind a line that names the
// form, filled up with spaces to 4096 bytes, so that people can read it too:
//
//	tail -c 4096 FILE
//
// Since copy and manifest are one file, one rename makes a backup appear whole
// or not at all, and nobody can mix up the manifests of two.
//
// # What can never happen
//
// A file bears the name of a backup before it was written to its end, synced
// and checked: it is written under another name ([Create], [Writer.Seal]) and
// gets its own by [Publish]. A backup takes the last room of a disk, on which
// the store may lie too ([Writer.Write]). A manifest, which may come from
// anywhere, makes a reader take more memory than one block.
//
// The digest shows what happened to a file by accident. Against somebody who
// can write both, only a checkpoint that was kept elsewhere helps.
package backup
