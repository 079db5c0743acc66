// Package backup makes backups of a store, on demand and on a schedule
// ([Maker]), in a format of one self-describing file.
//
// # The idea
//
// A backup is the copy of a store, byte by byte, followed by one block that
// describes it. The block is a line that names the format and a [Manifest] in
// JSON, padded with spaces to 4096 bytes, so that people can read it too:
//
//	tail -c 4096 FILE
//
// Because copy and manifest are one file, one rename publishes the whole
// backup, and the manifests of two backups cannot be mixed up.
//
// # What can never happen
//
// A file has the name of a backup before it is complete, synced and checked: it
// is written under another name ([Create], [Writer.Seal]) and gets its own by
// [Publish]. A backup fills a disk, which may have the store too
// ([Writer.Write]). A manifest, which may come from anywhere, makes a reader
// use more memory than one block.
//
// The digest detects accidental changes. Against somebody who can write both,
// only a checkpoint that was kept elsewhere helps.
package backup
