// The files of a database as RocksDB gets to see them: two checks that it lacks stand in between.
//
// A table that would end the process is damage (table_check.h). Of a MANIFEST only what is known to be durable is shown
// (manifest_note.h), and one of which that has changed is damage.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace tidemark::rocks {

/// The files of `env`, or of the system if it is null, for one database. `env` must outlive it.
[[nodiscard]] std::unique_ptr<rocksdb::Env> checked_files(rocksdb::Env* env);

}  // namespace tidemark::rocks
