#include "src/server/address_block.h"

#include <boost/asio/ip/network_v6.hpp>

namespace tidemark {

std::string address_block(const asio::ip::address& address) {
  constexpr unsigned short kBits = 64;  // of IPv6, that one customer has
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  return asio::ip::network_v6(v6, kBits).network().to_string();
}

}  // namespace tidemark
