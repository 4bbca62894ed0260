#include "src/cli/version.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <rocksdb/version.h>
#include <sqlite3.h>

#include <boost/version.hpp>
#include <websocketpp/version.hpp>

#include "backends/registry.h"

namespace tidemark::cli {

std::string version_text() {
  std::string engines;
  for (const std::string_view engine : store_engines()) {
    if (!engines.empty()) engines += ", ";
    engines += engine;
  }
  return fmt::format(
      "tidemark {}\n"
      "engines      {}\n"
      "sqlite       {}\n"
      "rocksdb      {}\n"
      "boost        {}.{}.{}\n"
      "websocketpp  {}.{}.{}\n"
      "openssl      {}\n"
      "fmt          {}.{}.{}\n"
      "socket.io    protocol 5, engine.io protocol 4, bundled client {}\n",
      TIDEMARK_VERSION, engines, sqlite3_libversion(), rocksdb::GetRocksVersionAsString(), BOOST_VERSION / 100000,
      BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100, websocketpp::major_version, websocketpp::minor_version,
      websocketpp::patch_version, OpenSSL_version(OPENSSL_VERSION_STRING), FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
      FMT_VERSION % 100, SOCKETIO_CLIENT_VERSION);
}

}  // namespace tidemark::cli
