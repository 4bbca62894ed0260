// Requests, head and body: however the bytes are cut, the same requests; limits kept; nothing that reads in two ways.
#include <algorithm>
#include <string>
#include <vector>

#include "protocol/http/http.h"
#include "protocol/websocket/websocket.h"
#include "src/base/limits.h"
#include "src/server/origin_policy.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark {
namespace {

using http::RequestReader;
constexpr http::RequestLimits kLimits{.head_bytes = 1000, .target_bytes = 200, .body_bytes = 100};

std::string described(const http::Request& r) {
  std::string out = r.method + " " + r.path + "?" + r.query + (r.keep_alive ? " keep " : " close ");
  for (const auto& [name, value] : r.fields) out += name + ":" + value + "\n";
  return out + "\n" + r.body;
}

void check(const http::Request& request) {
  FUZZ_CHECK(request.body.size() <= kLimits.body_bytes);
  FUZZ_CHECK(request.fields.size() <= limits::kHttpFields);
  FUZZ_CHECK(request.path.find('\0') == std::string::npos);
  FUZZ_CHECK(request.path == "*" || request.path.starts_with('/'));
  FUZZ_CHECK(request.query.size() <= kLimits.target_bytes);
  std::size_t hosts = 0, lengths = 0, codings = 0;
  for (const auto& [name, value] : request.fields) {
    hosts += name == "host";
    lengths += name == "content-length";
    codings += name == "transfer-encoding";
    FUZZ_CHECK(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
    FUZZ_CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);  // would split a response
  }
  FUZZ_CHECK(hosts <= 1 && (hosts == 1 || request.minor_version == 0));
  FUZZ_CHECK(lengths + codings <= 1);
  for (const char* name : {"sid", "EIO", "transport", ""}) (void)request.parameter(name);
  const auto fields = cors_fields(request);
  FUZZ_CHECK(std::ranges::count(fields, '\n') == (fields.empty() ? 0 : 3));
  const auto answer = websocket::answer_handshake(request);
  FUZZ_CHECK((answer.status == 101) == answer.error.empty());
}

std::vector<std::string> read_all(std::string_view bytes, std::size_t step) {
  RequestReader reader(kLimits);
  std::vector<std::string> seen;
  std::size_t begin = 0;
  for (std::size_t end = std::min(step, bytes.size()); begin < bytes.size(); end = std::min(end + step, bytes.size())) {
    while (begin < end) {
      const std::string piece(bytes.substr(begin, end - begin));
      std::size_t used = 0;
      const auto status = reader.read(piece, used);
      FUZZ_CHECK(used <= piece.size());
      begin += used;
      if (status == RequestReader::Status::failed) {
        FUZZ_CHECK(!http::reason_phrase(reader.error_status()).empty());
        seen.push_back("failed");  // which status may depend on what had come when it was seen
        return seen;
      }
      if (status == RequestReader::Status::need_more) {
        if (const auto* begun = reader.begun()) FUZZ_CHECK(!begun->method.empty());
        FUZZ_CHECK(used == piece.size());
        break;
      }
      const auto request = reader.take();
      check(request);
      seen.push_back(described(request));
    }
    if (end == bytes.size() && begin == end) break;
  }
  if (reader.unfinished()) seen.push_back("unfinished");
  return seen;
}

}  // namespace
}  // namespace tidemark

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidemark::fuzz::Input input(data, size);
  const auto step = 2U + input.byte();
  const auto bytes = input.rest();
  const auto at_once = tidemark::read_all(bytes, bytes.size() + 1);
  FUZZ_CHECK(at_once == tidemark::read_all(bytes, 1));
  FUZZ_CHECK(at_once == tidemark::read_all(bytes, step));
  const auto decoded = tidemark::http::percent_decode(bytes, step % 2 == 0);
  if (decoded) FUZZ_CHECK(decoded->size() <= bytes.size());
  return 0;
}
