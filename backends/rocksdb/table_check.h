// What RocksDB reads of a table file before it has compared a checksum.
//
// Opening a table it parses the block of properties first and checks it afterwards (with a second try for tables that
// were ingested); Debian's library has its assertions on, and ends the process at one flipped bit there. A table whose
// footer names no kind of checksum is believed without one. So both are looked at before RocksDB does.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>

namespace tidemark::rocks {

/// Corruption, with what is damaged and without the file's name, if RocksDB must not see this table of so many bytes.
/// Reads its end: about a kilobyte. Format: rocksdb/table/format.h and block_based_table_builder.cc of RocksDB 7.8.
[[nodiscard]] rocksdb::IOStatus check_table(const rocksdb::FSRandomAccessFile& table, std::uint64_t bytes);

}  // namespace tidemark::rocks
