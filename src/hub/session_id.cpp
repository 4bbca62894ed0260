#include "src/hub/session_id.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <stdexcept>

namespace tidemark {
namespace {

constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kPidBytes = Sid::kBytes + 8 + 8 + kMacBytes;
constexpr std::size_t kPidChars = (kPidBytes * 4 + 2) / 3;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += kAlphabet[(bits << (6 - count)) & 63];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 0xff);
    }
  }
  // One text per value: bits that stand for nothing must be zero.
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

void append_number(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string mac(const SessionKey& key, std::string_view body, const SessionBinding& binding) {
  // Lengths go before texts of variable length, so that no two bindings give the same input.
  std::string input = "tidemark session 1";
  input += body;
  append_number(input, binding.epoch.value());
  append_number(input, binding.channel.size());
  input += binding.channel;
  append_number(input, binding.identity.size());
  input += binding.identity;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(input.data()),
           input.size(), digest.data(), &size) == nullptr) {
    throw std::runtime_error("OpenSSL cannot compute HMAC-SHA-256");
  }
  return {reinterpret_cast<const char*>(digest.data()), kMacBytes};
}

}  // namespace

Sid Sid::random() {
  std::string bytes(kBytes, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("no random numbers from the kernel (getrandom failed)");
  }
  return Sid(to_base64url(bytes));
}

std::string SessionSigner::sign(const SessionId& id, const SessionBinding& binding) const {
  std::string body = from_base64url(id.sid.text()).value();
  append_number(body, id.started.value());
  append_number(body, id.run);
  return to_base64url(body + mac(key_, body, binding));
}

std::optional<SessionId> SessionSigner::check(std::string_view pid, const SessionBinding& binding) const {
  if (pid.size() != kPidChars) return std::nullopt;
  const auto bytes = from_base64url(pid);
  if (!bytes || bytes->size() != kPidBytes) return std::nullopt;
  const auto body = std::string_view(*bytes).substr(0, kPidBytes - kMacBytes);
  const auto expected = mac(key_, body, binding);
  if (CRYPTO_memcmp(expected.data(), bytes->data() + body.size(), kMacBytes) != 0) return std::nullopt;
  return SessionId{.sid = Sid(to_base64url(body.substr(0, Sid::kBytes))),
                   .started = Offset(read_number(body.substr(Sid::kBytes, 8))),
                   .run = read_number(body.substr(Sid::kBytes + 8, 8))};
}

static_assert(Sid::kChars * 6 == Sid::kBytes * 8);

}  // namespace tidemark
