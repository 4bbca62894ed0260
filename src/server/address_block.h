// What counts as one address where something is counted by addresses. An address of IPv6 counts by its first 64 bits:
// whoever has one has all that begin with them. Example: 2001:db8::1 and 2001:db8::2 are one; ::ffff:10.0.0.1 is 10.0.0.1.
// Pure; any thread.
#pragma once

#include <string>

#include "src/server/asio.h"

namespace tidemark {

[[nodiscard]] std::string address_block(const asio::ip::address& address);

}  // namespace tidemark
