// Engine.IO packets and polling bodies: what is decoded and encoded again is the same.
#include <algorithm>
#include <string>

#include "protocol/base64.h"
#include "protocol/engineio/engineio.h"
#include "tests/fuzz/fuzz.h"

namespace tidemark {
namespace {

constexpr std::size_t kPackets = 16;

std::string encoded(const std::vector<engineio::Packet>& packets) {
  std::string body;
  for (const auto& packet : packets) {
    if (!body.empty()) body += engineio::kSeparator;
    if (packet.binary) {
      engineio::append_binary_for_polling(body, packet.data);
    } else {
      engineio::append_packet(body, packet.type, packet.data);
    }
  }
  return body;
}

void check_payload(std::string_view body) {
  engineio::PayloadDecoder decoder;
  const auto packets = decoder.decode(body, kPackets);
  if (!packets) return;
  FUZZ_CHECK(!packets->empty() && packets->size() <= kPackets);
  FUZZ_CHECK(packets->size() == static_cast<std::size_t>(std::ranges::count(body, engineio::kSeparator)) + 1);
  const auto again = encoded(*packets);
  engineio::PayloadDecoder second;
  const auto twice = second.decode(again, kPackets);
  FUZZ_CHECK(twice && twice->size() == packets->size());
  for (std::size_t i = 0; i < packets->size(); ++i) {
    const auto &a = (*packets)[i], &b = (*twice)[i];
    FUZZ_CHECK(a.type == b.type && a.binary == b.binary && a.data == b.data);
    FUZZ_CHECK(!a.binary || a.type == engineio::PacketType::message);
  }
}

void check_packet(std::string_view text) {
  std::string scratch;
  const auto packet = engineio::decode_packet(text, scratch);
  if (!packet || packet->binary) return;
  std::string again;
  engineio::append_packet(again, packet->type, packet->data);
  FUZZ_CHECK(again == text);
}

}  // namespace
}  // namespace tidemark

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tidemark::check_payload(bytes);
  tidemark::check_packet(bytes);
  std::string encoded;
  tidemark::base64::append_encoded(encoded, bytes);
  FUZZ_CHECK(tidemark::base64::decode(encoded, tidemark::base64::Padding::required) == bytes);
  return 0;
}
