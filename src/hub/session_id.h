// Session ids: what a stock client hands back as `pid` to get its session again, also from a server that was restarted.
//
// A pid carries what the server must know about the session (public id, where it started, which run issued it) and an
// HMAC-SHA-256 over that and over what it is bound to: log, channel and identity. It is a bearer secret: compared in
// constant time, never logged. Layout, base64url without padding:
//   sid 12 bytes | started 8 (little-endian) | run 8 | mac 16 (first half of the HMAC)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/base/epoch.h"
#include "src/base/offset.h"
#include "src/hub/sid.h"

namespace tidemark {

/// Bytes of the key that signs pids.
inline constexpr std::size_t kSessionKeyBytes = 32;
using SessionKey = std::array<unsigned char, kSessionKeyBytes>;

struct SessionId {
  Sid sid;
  Offset started;         // the session is owed everything after this offset
  std::uint64_t run = 0;  // which start of the server issued it
  friend bool operator==(const SessionId&, const SessionId&) = default;
};

/// What a pid is bound to.
struct SessionBinding {
  Epoch epoch;
  std::string_view channel;
  std::string_view identity;
};

class SessionSigner {
 public:
  explicit SessionSigner(const SessionKey& key) : key_(key) {}

  [[nodiscard]] std::string sign(const SessionId& id, const SessionBinding& binding) const;
  /// Nothing if the pid was not issued for this binding with this key.
  [[nodiscard]] std::optional<SessionId> check(std::string_view pid, const SessionBinding& binding) const;

 private:
  SessionKey key_;
};

}  // namespace tidemark
