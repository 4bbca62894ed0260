// Client frames, read by websocketpp's hybi13 processor; this is the only file that sees its headers (they are heavy,
// and some need others before them). It is used as a state machine alone: no connection, no transport, no timer.
//
// What websocketpp 0.8.2 leaves open is closed here:
//  * it takes a 64-bit length with the top bit set, and a fragment that announces 2^64 - 1 bytes wraps its sum of sizes
//    around the limit (RFC 6455 section 5.2 forbids that bit);
//  * a fragmented text message may end within a character (section 8.1), since only a lone frame's end is checked;
//  * it reserves what a frame's head announces.
#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>

// clang-format off: the order matters, the first needs nothing and the others need those before them
#include <websocketpp/close.hpp>
#include <websocketpp/extensions/permessage_deflate/disabled.hpp>
#include <websocketpp/http/request.hpp>
#include <websocketpp/http/response.hpp>
#include <websocketpp/processors/hybi13.hpp>
#include <websocketpp/random/none.hpp>
// clang-format on

#include "protocol/websocket/websocket.h"

namespace tidemark::websocket {

namespace {

namespace wspp = websocketpp;

/// Payload bytes reserved when a frame begins; more only as they come.
constexpr std::size_t kFirstReserve = 256;

/// What hybi13 asks of a message, and no more: websocketpp's own carries two more strings and a reference to its maker.
class Message {
 public:
  using ptr = std::shared_ptr<Message>;

  Message(wspp::frame::opcode::value opcode, std::size_t announced) : opcode_(opcode) {
    payload_.reserve(std::min(announced, kFirstReserve));
  }
  [[nodiscard]] wspp::frame::opcode::value get_opcode() const { return opcode_; }
  [[nodiscard]] std::string& get_raw_payload() { return payload_; }

  // For the writing half of hybi13, which is compiled but not used.
  [[nodiscard]] bool get_fin() const { return true; }
  [[nodiscard]] bool get_compressed() const { return false; }
  void set_compressed(bool) {}
  void set_header(const std::string&) {}
  void set_prepared(bool) {}
  void set_opcode(wspp::frame::opcode::value opcode) { opcode_ = opcode; }

 private:
  wspp::frame::opcode::value opcode_;
  std::string payload_;
};

/// Has no state, so one serves all readers of all threads.
struct MessageSource {
  using ptr = std::shared_ptr<MessageSource>;
  [[nodiscard]] Message::ptr get_message(wspp::frame::opcode::value opcode, std::size_t announced) const {
    return std::make_shared<Message>(opcode, announced);
  }
};

struct Config {
  using request_type = wspp::http::parser::request;
  using response_type = wspp::http::parser::response;
  using message_type = Message;
  using con_msg_manager_type = MessageSource;
  using rng_type = wspp::random::none::int_generator<std::uint32_t>;
  struct Deflate {
    using request_type = Config::request_type;
  };
  using permessage_deflate_type = wspp::extensions::permessage_deflate::disabled<Deflate>;
  static constexpr std::size_t max_message_size = 0;  // replaced in the constructor
  static constexpr bool enable_extensions = false;
};

Config::rng_type& masking_keys() {
  static Config::rng_type none;  // a server masks nothing; hybi13 wants the reference
  return none;
}

MessageSource::ptr message_source() {
  static const auto source = std::make_shared<MessageSource>();
  return source;
}

std::uint16_t close_code_for(const std::error_code& error) {
  const auto code = wspp::processor::error::to_ws(error);
  const bool known = code == wspp::close::status::invalid_payload || code == wspp::close::status::message_too_big;
  return known ? code : wspp::close::status::protocol_error;  // e.g. non-minimal length (section 5.2)
}

}  // namespace

struct FrameReader::State : private wspp::processor::hybi13<Config> {
  using Processor = wspp::processor::hybi13<Config>;

  State(std::size_t max_kept, std::size_t max_announced)
      : Processor(false, true, message_source(), masking_keys()), max_kept_(max_kept), max_announced_(max_announced) {
    set_max_message_size(max_announced);
  }

  /// As FrameReader::read.
  std::size_t read(std::uint8_t* bytes, std::size_t size, Event& event) {
    std::size_t used = 0;
    while (used < size && !ready()) {
      if (has_oversized_length(bytes[used])) {
        fail(event, wspp::close::status::protocol_error);
        return used;
      }
      // One part of a frame at a time (two bytes, the rest of the head, the payload), to look between them.
      std::error_code error;
      const bool in_head = m_state != APPLICATION;
      used += consume(bytes + used, std::min(size - used, get_bytes_needed()), error);
      if (error) {
        fail(event, close_code_for(error));
        return used;
      }
      if (in_head && m_state == APPLICATION && m_current_msg == &m_data_msg) announced_ += m_bytes_needed;
      if (announced_ > max_announced_) {  // the processor sees but what was kept of it
        fail(event, wspp::close::status::message_too_big);
        return used;
      }
      if (cutting()) cut();
    }
    if (ready()) {
      take(event);
    } else {
      give_back_unused();
    }
    return used;
  }

  [[nodiscard]] bool unfinished() const {
    return m_data_msg.msg_ptr != nullptr || m_state != HEADER_BASIC ||
           m_bytes_needed != wspp::frame::BASIC_HEADER_LENGTH;
  }

 private:
  /// Whether the data message is larger than what is kept.
  [[nodiscard]] bool cutting() const { return announced_ > max_kept_ && m_data_msg.msg_ptr != nullptr; }

  void cut() {
    auto& payload = m_data_msg.msg_ptr->get_raw_payload();
    if (payload.size() <= kCutBytes) return;
    payload.resize(kCutBytes);
    payload.shrink_to_fit();
  }

  static void fail(Event& event, std::uint16_t code) {
    event.kind = Kind::error;
    event.data.clear();
    event.close_code = code;
  }

  /// Whether `next` is the top byte of a 64-bit length and has the bit that section 5.2 wants to be 0.
  [[nodiscard]] bool has_oversized_length(std::uint8_t next) const {
    return m_state == HEADER_EXTENDED && m_cursor == 0 &&
           wspp::frame::get_basic_size(m_basic_header) == wspp::frame::payload_size_code_64bit && (next & 0x80) != 0;
  }

  void take(Event& event) {
    const bool was_cut = m_current_msg == &m_data_msg && cutting();
    if (m_current_msg == &m_data_msg) announced_ = 0;
    const bool cut_character = m_current_msg == &m_data_msg &&
                               m_data_msg.msg_ptr->get_opcode() == wspp::frame::opcode::text &&
                               !m_data_msg.validator.complete();
    const auto message = get_message();
    if (cut_character) {
      fail(event, wspp::close::status::invalid_payload);
      return;
    }
    event.data = std::move(message->get_raw_payload());
    switch (message->get_opcode()) {
      case wspp::frame::opcode::text: event.kind = was_cut ? Kind::cut_text : Kind::text; break;
      case wspp::frame::opcode::binary: event.kind = was_cut ? Kind::cut_binary : Kind::binary; break;
      case wspp::frame::opcode::ping: event.kind = Kind::ping; break;
      case wspp::frame::opcode::pong: event.kind = Kind::pong; break;
      default: take_close(event); break;
    }
  }

  /// Section 5.5.1: a code, then a reason.
  static void take_close(Event& event) {
    std::error_code error;
    const auto code = wspp::close::extract_code(event.data, error);
    if (error) {
      fail(event, wspp::close::status::protocol_error);
      return;
    }
    auto reason = wspp::close::extract_reason(event.data, error);
    if (error) {
      fail(event, wspp::close::status::invalid_payload);
      return;
    }
    event.kind = Kind::close;
    event.close_code = code;
    event.data = std::move(reason);
  }

  /// hybi13 reserves the announced bytes of a continuation frame. Reallocating costs a copy, but it can happen only
  /// after a frame that announced more than all before it, so the copies together stay below twice the message.
  void give_back_unused() {
    if (m_data_msg.msg_ptr == nullptr) return;
    auto& payload = m_data_msg.msg_ptr->get_raw_payload();
    if (payload.capacity() > 2 * payload.size() + kFirstReserve) payload.shrink_to_fit();
  }

  const std::size_t max_kept_;
  const std::size_t max_announced_;
  std::uint64_t announced_ = 0;  // bytes of the data message, by the heads of its frames so far
};

FrameReader::FrameReader(std::size_t max_message_bytes, std::size_t max_dropped_bytes)
    : kept_bytes_(static_cast<std::uint32_t>(std::min<std::size_t>(max_message_bytes, UINT32_MAX))),
      dropped_bytes_(static_cast<std::uint32_t>(std::min<std::size_t>(max_dropped_bytes, UINT32_MAX))) {}
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;
FrameReader::~FrameReader() = default;

std::size_t FrameReader::read(std::span<char> bytes, Event& event) {
  event = Event{};
  if (!state_) state_ = std::make_unique<State>(kept_bytes_, std::uint64_t{kept_bytes_} + dropped_bytes_);
  const auto used = state_->read(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size(), event);
  if (!state_->unfinished()) state_.reset();
  return used;
}

bool FrameReader::unfinished() const { return state_ != nullptr; }

}  // namespace tidemark::websocket
