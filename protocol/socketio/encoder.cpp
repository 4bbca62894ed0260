#include <fmt/format.h>

#include <iterator>

#include "protocol/socketio/socketio.h"

namespace tidemark::socketio {

namespace {

void append_type(std::string& out, PacketType type) { out.push_back(static_cast<char>('0' + static_cast<int>(type))); }

void append_namespace(std::string& out, std::string_view nsp) {
  if (nsp == "/") return;
  out.append(nsp);
  out.push_back(',');
}

void append_number(std::string& out, std::uint64_t number) { fmt::format_to(std::back_inserter(out), "{}", number); }

void append_attachment_count(std::string& out, std::size_t count) {
  if (count == 0) return;
  append_number(out, count);
  out.push_back('-');
}

}  // namespace

void append_connect(std::string& out, std::string_view nsp, std::string_view payload_json) {
  append_type(out, PacketType::connect);
  append_namespace(out, nsp);
  out.append(payload_json);
}

void append_connect_error(std::string& out, std::string_view nsp, std::string_view payload_json) {
  append_type(out, PacketType::connect_error);
  append_namespace(out, nsp);
  out.append(payload_json);
}

void append_disconnect(std::string& out, std::string_view nsp) {
  append_type(out, PacketType::disconnect);
  append_namespace(out, nsp);
}

void append_ack(std::string& out, std::string_view nsp, std::int64_t ack_id, std::string_view args_json,
                std::size_t attachment_count) {
  append_type(out, attachment_count > 0 ? PacketType::binary_ack : PacketType::ack);
  append_attachment_count(out, attachment_count);
  append_namespace(out, nsp);
  append_number(out, static_cast<std::uint64_t>(ack_id));
  out.append(args_json);
}

void append_event(std::string& out, std::string_view nsp, std::size_t attachment_count, std::string_view args_json) {
  append_type(out, attachment_count > 0 ? PacketType::binary_event : PacketType::event);
  append_attachment_count(out, attachment_count);
  append_namespace(out, nsp);
  out.append(args_json);
}

}  // namespace tidemark::socketio
