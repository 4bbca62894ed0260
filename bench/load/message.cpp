#include "bench/load/message.h"

#include <time.h>

namespace tidemark::load {
namespace {

constexpr std::size_t kPublisherDigits = 4, kSequenceDigits = 10, kTimeDigits = 18;
constexpr std::size_t kSequenceAt = kPublisherDigits + 1;
constexpr std::size_t kTimeAt = kSequenceAt + kSequenceDigits + 1;
static_assert(kTimeAt + kTimeDigits + 1 == kStampBytes);

void append_digits(std::string& out, std::uint64_t value, std::size_t digits) {
  const std::size_t begin = out.size();
  out.append(digits, '0');
  for (std::size_t i = begin + digits; value != 0 && i > begin; value /= 10) {
    out[--i] = static_cast<char>('0' + value % 10);
  }
}

std::uint64_t read_digits(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

void append_text(std::string& out, std::size_t bytes, std::uint32_t publisher, std::uint32_t sequence,
                 std::uint64_t sent_ns) {
  constexpr std::string_view filler = "etaoin shrdlu ";
  const std::size_t end = out.size() + bytes;
  append_digits(out, publisher, kPublisherDigits);
  out += '-';
  append_digits(out, sequence, kSequenceDigits);
  out += '-';
  append_digits(out, sent_ns, kTimeDigits);
  out += ' ';
  while (out.size() < end) out += filler.substr(0, end - out.size());
}

std::uint64_t Delivery::sent_time() const { return read_digits(sent_ns); }

std::optional<Delivery> parse_delivery(std::string_view rest, std::size_t text_bytes) {
  if (rest.size() < text_bytes + 2 || rest[text_bytes] != '"' || rest[kPublisherDigits] != '-') return std::nullopt;
  Delivery d;
  d.publisher = static_cast<std::uint32_t>(read_digits(rest.substr(0, kPublisherDigits)));
  d.sequence = static_cast<std::uint32_t>(read_digits(rest.substr(kSequenceAt, kSequenceDigits)));
  d.sent_ns = rest.substr(kTimeAt, kTimeDigits);

  std::size_t at = text_bytes + 1;
  if (at + 1 < rest.size() && rest[at] == ',' && is_digit(rest[at + 1])) {
    for (++at; at < rest.size() && is_digit(rest[at]); ++at) {
      d.offset = d.offset * 10 + static_cast<std::uint64_t>(rest[at] - '0');
    }
  }
  if (rest.substr(at).starts_with(",\"") && rest.ends_with("\"]")) {
    d.position = rest.substr(at + 2, rest.size() - at - 4);
  }
  return d;
}

std::string packet_namespace(std::string_view channel) {
  return channel == "/" ? std::string() : std::string(channel) + ",";
}

std::string delivery_prefix(std::string_view channel) {
  return "42" + packet_namespace(channel) + R"(["chat message",")";
}

}  // namespace tidemark::load
