// The record checksum's function.
#include "src/base/crc32c.h"

#include <doctest/doctest.h>

#include <string>

namespace tidemark {

TEST_CASE("known answers of RFC 3720, appendix B.4") {
  CHECK(crc32c(0, "123456789") == 0xe3069283);
  CHECK(crc32c(0, std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(0, std::string(32, '\xff')) == 0x62a8ab43);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  CHECK(crc32c(0, ascending) == 0x46dd794e);
  CHECK(crc32c(0, "") == 0);
}

TEST_CASE("it does not matter how the bytes are cut") {
  const std::string text = "the line that shows how far the water came";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CHECK(crc32c(crc32c(0, text.substr(0, cut)), text.substr(cut)) == crc32c(0, text));
  }
}

}  // namespace tidemark
