#include "bench/load/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "bench/load/frames.h"

namespace tidemark::load {
namespace {

constexpr std::size_t kUpgradeAnswerMax = 16 * 1024;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// The value of a string member in the flat JSON of a CONNECT reply; the servers' ids hold no escapes.
std::string string_member(std::string_view json, std::string_view name) {
  const std::string start = "\"" + std::string(name) + "\":\"";
  const auto at = json.find(start);
  if (at == json.npos) return {};
  const auto begin = at + start.size();
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

}  // namespace

Connection::Connection(Loop& loop, Audience& audience, std::uint32_t index, Place place)
    : loop_(loop),
      audience_(audience),
      index_(index),
      place_(std::move(place)),
      delivery_prefix_(delivery_prefix(place_.channel)) {}

void Connection::open() {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) throw std::runtime_error("no socket (see ulimit -n)");
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in address = loopback(place_.port);
  const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  state_ = State::connecting;
  loop_.add(fd_, *this, true);
  if (::connect(fd_, generic, sizeof address) != 0 && errno != EINPROGRESS) lose("the connection is refused");
}

void Connection::close() {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  reading_ = true;
  state_ = State::closed;
  rest_.clear();
  out_.clear();
}

void Connection::abort() {
  if (fd_ < 0) return;
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void Connection::lose(std::string_view why) {
  close();
  audience_.on_lost(*this, why);
}

void Connection::publish(std::uint64_t ack_id, std::string_view text, std::string_view client_key) {
  std::string packet = "42" + packet_namespace(place_.channel) + std::to_string(ack_id);
  packet.append(R"(["chat message",")").append(text).append(R"(",")").append(client_key).append("\"]");
  send_packet(packet);
}

void Connection::send_packet(std::string_view packet) {
  std::string frame;
  frame.reserve(packet.size() + 14);
  append_client_frame(frame, kOpcodeText, packet);
  send_bytes(frame);
}

void Connection::send_bytes(std::string_view bytes) {
  if (fd_ < 0) return;
  if (out_.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;  // the reading side will hear of it
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (bytes.empty()) return;
    loop_.change(fd_, *this, true, reading_);
  }
  out_ += bytes;
}

void Connection::on_writable() {
  if (fd_ < 0) return;
  if (state_ == State::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return lose(std::strerror(error));
    loop_.change(fd_, *this, false);
    if (place_.bare) {
      state_ = State::joined;
      audience_.on_accepted(*this);
      audience_.on_joined(*this);
      return;
    }
    state_ = State::upgrading;
    send_bytes("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost:" + std::to_string(place_.port) +
               "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    return;
  }
  const std::string waiting = std::exchange(out_, {});
  loop_.change(fd_, *this, false, reading_);
  send_bytes(waiting);
}

void Connection::stop_reading() {
  reading_ = false;
  if (fd_ >= 0) loop_.change(fd_, *this, !out_.empty(), false);
}

void Connection::read_on() {
  reading_ = true;
  if (fd_ >= 0) loop_.change(fd_, *this, !out_.empty());
}

void Connection::on_readable() { read(loop_.buffer().size()); }

void Connection::read(std::size_t most) {
  if (fd_ < 0) return;
  const auto buffer = loop_.buffer();
  std::memcpy(buffer.data(), rest_.data(), rest_.size());
  const ssize_t got = ::recv(fd_, buffer.data() + rest_.size(), std::min(most, buffer.size() - rest_.size()), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return lose(std::strerror(errno));
  if (got == 0) return lose("the server closed the connection");
  const std::size_t size = rest_.size() + static_cast<std::size_t>(got);
  rest_.clear();
  read_frames({buffer.data(), size});
}

std::size_t Connection::read_upgrade(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) {
    if (bytes.size() > kUpgradeAnswerMax) lose("an endless answer to the upgrade");
    return 0;
  }
  if (!bytes.starts_with("HTTP/1.1 101")) {
    lose("no upgrade: " + std::string(bytes.substr(0, bytes.find('\r'))));
    return 0;
  }
  state_ = State::opening;
  audience_.on_accepted(*this);
  return end + 4;
}

void Connection::read_frames(std::string_view bytes) {
  if (state_ == State::upgrading) bytes.remove_prefix(read_upgrade(bytes));
  while (fd_ >= 0 && state_ != State::upgrading) {
    const Frame frame = front_frame(bytes);
    if (frame.bytes == 0) break;
    bytes.remove_prefix(frame.bytes);
    if (frame.payload.starts_with(delivery_prefix_)) {
      auto delivery = parse_delivery(frame.payload.substr(delivery_prefix_.size()), place_.text_bytes);
      if (!delivery) return lose("a delivery that is none of ours: " + std::string(frame.payload.substr(0, 200)));
      delivery->frame_bytes = frame.bytes;
      on_event(*delivery);
    } else if (frame.opcode == kOpcodeText) {
      on_packet(frame.payload);
    } else if (frame.opcode == kOpcodePing) {
      std::string pong;
      append_client_frame(pong, kOpcodePong, frame.payload);
      send_bytes(pong);
    } else if (frame.opcode == kOpcodeClose) {
      return lose("the server sent a close frame");
    }
  }
  if (fd_ < 0) return;
  if (bytes.size() >= loop_.buffer().size() / 2) return lose("an endless frame");
  rest_ = bytes;
}

void Connection::on_event(const Delivery& delivery) {
  audience_.on_delivery(*this, delivery);
  offset_ = delivery.offset;
  position_ = delivery.position;
}

void Connection::on_packet(std::string_view packet) {
  const std::string nsp = packet_namespace(place_.channel);
  const auto is = [&](std::string_view type) {
    return packet.starts_with(type) && packet.substr(type.size()).starts_with(nsp);
  };
  if (packet == "2") {
    send_packet("3");
  } else if (state_ == State::opening && packet.starts_with('0')) {
    state_ = State::joining;
    send_packet("40" + nsp + place_.auth);
  } else if (state_ == State::joining && is("40")) {
    state_ = State::joined;
    pid_ = string_member(packet, "pid");
    audience_.on_joined(*this);
  } else if (is("43")) {
    const std::string_view rest = packet.substr(2 + nsp.size());
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), id);
    if (error != std::errc()) return lose("an acknowledgement without a number");
    audience_.on_ack(*this, id, rest.substr(static_cast<std::size_t>(end - rest.data())));
  } else if (is("42")) {
    audience_.on_event(*this, packet);
  } else if (is("44") || is("41") || packet == "1") {
    lose("the server said: " + std::string(packet));
  }
}

}  // namespace tidemark::load
