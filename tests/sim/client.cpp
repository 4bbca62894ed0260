#include "tests/sim/client.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "src/base/position.h"

namespace tidemark::sim {
namespace {

std::uint64_t to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) violated("'{}' is no number", text);
  return number;
}

std::string_view take_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

// --- coming and going ------------------------------------------------------------------------------------------------

void Client::connect(std::shared_ptr<Pipe> pipe, Epoch epoch) {
  pipe_ = std::move(pipe);
  for (auto& [channel, place] : places_) {
    if (!place.left) say_connect(channel, place, epoch);
  }
}

void Client::say_connect(const std::string& channel, Place& place, Epoch epoch) {
  Packet packet{.kind = Packet::Kind::connect, .channel = channel, .history = traits_.history};
  packet.status = traits_.status;
  if (traits_.kind != Kind::old) {
    packet.pid = place.pid;
    if (!place.pid.empty() && place.position) packet.offset = Position{epoch, *place.position}.text();
  }
  if (traits_.kind != Kind::current && place.server_offset != Offset()) {
    packet.server_offset = place.server_offset.value();
  }
  place.claimed_place = packet.offset || packet.server_offset;
  pipe_->up.push_back(std::move(packet));
}

void Client::disconnect() {
  pipe_->client_open = false;
  pipe_.reset();
  input_.clear();
  asked_.clear();
  for (auto& [channel, place] : places_) {
    place.joined = false;
    place.left = false;  // it comes back to all of them
  }
}

void Client::leave(const std::string& channel) {
  Place& place = places_.at(channel);
  place.joined = false;
  place.left = true;
  pipe_->up.push_back({.kind = Packet::Kind::leave, .channel = channel});
}

void Client::rejoin(const std::string& channel, Epoch epoch) { say_connect(channel, places_.at(channel), epoch); }

void Client::refresh() {
  outbox_.clear();
  for (auto& [channel, place] : places_) {
    // An app that keeps the offset in the page's storage goes on from there; any other begins anew.
    const Offset kept = traits_.kind == Kind::current ? Offset() : place.server_offset;
    place = Place();
    place.server_offset = kept;
    place.seen = kept;
  }
}

// --- sending ---------------------------------------------------------------------------------------------------------

void Client::publish(const std::string& channel, std::string payload, std::string key) {
  Message message{channel, std::move(payload), std::move(key)};
  if (message.key.empty()) return send(message, false);
  outbox_.push_back(message);
  if (outbox_.size() == 1) send(message, true);
}

void Client::send(const Message& message, bool with_ack) {
  Packet packet{.kind = Packet::Kind::publish, .channel = message.channel};
  packet.payload = message.payload;
  packet.client_key = message.key;
  if (with_ack) {
    packet.ack_id = ++next_ack_;
    asked_.emplace(packet.ack_id, message);
  }
  pipe_->up.push_back(std::move(packet));
}

void Client::retry() {
  if (!outbox_.empty() && joined(outbox_.front().channel)) send(outbox_.front(), true);
}

void Client::relay(const std::string& channel, std::string payload) {
  Packet packet{.kind = Packet::Kind::relay, .channel = channel};
  packet.payload = std::move(payload);
  pipe_->up.push_back(std::move(packet));
}

// --- receiving -------------------------------------------------------------------------------------------------------

void Client::read(std::size_t bytes) {
  input_ += std::string_view(pipe_->down).substr(0, bytes);
  pipe_->down.erase(0, bytes);
  parse();
}

void Client::parse() {
  std::size_t at = 0;
  while (at < input_.size()) {
    const char opening = input_[at];
    const char closing = opening == '<' ? '>' : opening == '(' ? ')' : opening == '[' ? ']' : '\0';
    if (closing == '\0')
      violated("client {} received '{}', which is in the middle of something", id_, input_.substr(at, 20));
    auto end = input_.find(closing, at);
    if (end == std::string::npos) break;
    if (opening == '<') {
      // "<17:2:abc><def><g>": a record with two attachments is complete with its third frame.
      const auto colon = input_.find(':', at);
      if (colon == std::string::npos || colon + 1 >= end) violated("client {} received half a record", id_);
      bool complete = true;
      for (int frames = input_[colon + 1] - '0'; frames > 0 && complete; --frames) {
        if (end + 1 < input_.size() && input_[end + 1] != '<') violated("client {}: something inside a record", id_);
        end = input_.find('>', end + 1);
        complete = end != std::string::npos;
      }
      if (!complete) break;
    }
    const auto text = std::string_view(input_).substr(at + 1, end - at - 1);
    at = end + 1;
    if (opening == '<') on_record(text);
    if (opening == '(') on_relay(text);
    if (opening == '[') on_own(text);
  }
  input_.erase(0, at);
}

Client::Place& Client::place_for(std::string_view channel) {
  const auto found = places_.find(channel);
  if (found == places_.end()) violated("client {} received something of {}, where it is not", id_, channel);
  return found->second;
}

void Client::on_record(std::string_view text) {
  const auto colon = text.find(':');
  const Offset offset(to_number(text.substr(0, colon)));
  if (!truth_.has(offset)) violated("client {} received record {}, which is not durable", id_, offset.value());
  const Record& record = truth_.at(offset);
  if (record.payload != text.substr(colon + 1)) violated("client {}: record {} has other bytes", id_, offset.value());
  Place& place = place_for(record.channel);
  if (place.left) return;
  if (!place.joined) violated("client {} received record {} before the CONNECT reply", id_, offset.value());
  if (offset <= std::max(place.seen, place.gap_to)) {
    violated("client {} received record {} of {} after {}", id_, offset.value(), record.channel, place.seen.value());
  }
  const Offset expected = owed(record.channel, place);
  // One that is trimmed by now may have been read before.
  if (expected != Offset() && offset > expected) {
    violated("client {} received record {} of {}; {} is missing, after {}{}", id_, offset.value(), record.channel,
             expected.value(), place.seen.value(), place.recovered ? ", and it was told that it was recovered" : "");
  }
  trace_.note("client {} has {} of {}", id_, offset.value(), record.channel);
  place.seen = offset;
  place.anchored = true;
  place.server_offset = offset;
  place.position = offset;
}

Offset Client::owed(std::string_view channel, const Place& place) const {
  const Offset next = truth_.next_in(channel, std::max(place.seen, place.gap_to));
  // Who has no place yet misses nothing; who was not recovered and asked for no status knows that something may be missing.
  const bool may_miss_trimmed = !place.anchored || (!traits_.status && !place.recovered);
  if (!may_miss_trimmed) return next;
  return truth_.next_in(channel, std::max(place.seen, truth_.first_kept().previous()));
}

void Client::on_position(std::string_view channel, Place& place, Offset position) {
  if (position < place.seen) {
    violated("client {} is sent back from {} to {} in {}", id_, place.seen.value(), position.value(), channel);
  }
  const Offset unseen = owed(channel, place);
  if (unseen != Offset() && unseen <= position) {
    violated("client {} is moved to {} in {}, over record {} that it has not seen", id_, position.value(), channel,
             unseen.value());
  }
  if (traits_.kind == Kind::old) return;  // it keeps what its app keeps: the offset of a record
  place.position = position;
  place.seen = position;
  place.anchored = true;
}

void Client::on_relay(std::string_view text) {
  const auto slash = text.find('/');
  const auto at = text.rfind('@');
  const auto channel = text.substr(slash, at - slash);
  Place& place = place_for(channel);
  if (place.left) return;
  if (!place.joined) violated("client {} received a relayed event before the CONNECT reply", id_);
  on_position(channel, place, Offset(to_number(text.substr(at + 1))));
}

void Client::on_own(std::string_view text) {
  const auto kind = take_word(text);
  if (kind == "close") return;
  if (kind == "a") {
    const auto id = static_cast<std::int64_t>(to_number(take_word(text)));
    const Offset offset(to_number(take_word(text)));
    const auto asked = asked_.find(id);
    if (asked == asked_.end()) violated("client {} received an ack {} that it did not ask for, or twice", id_, id);
    const Record& record = truth_.at(offset);
    const Message& message = asked->second;
    if (record.payload != message.payload || record.client_key != message.key || record.channel != message.channel) {
      violated("client {} asked for '{}' to be stored and was told that {} is it", id_, message.key, offset.value());
    }
    if (!outbox_.empty() && outbox_.front().key == message.key) {
      outbox_.pop_front();
      retry();
    }
    asked_.erase(asked);
    return;
  }
  const auto channel = take_word(text);
  Place& place = place_for(channel);
  if (kind == "c") {
    const auto pid = take_word(text);
    const bool recovered = take_word(text) == "1";
    return on_connected(channel, pid, recovered, admissions_[to_number(take_word(text))]);
  }
  if (place.left) return;
  if (kind == "l") return on_position(channel, place, Offset(to_number(take_word(text))));
  if (kind == "g") {
    const Offset from(to_number(take_word(text)));
    const Offset to(to_number(take_word(text)));
    trace_.note("client {} is told of a gap from {} to {} in {}", id_, from.value(), to.value(), channel);
    // The log knows the newest loss of a channel only: where the tail has what comes next, a gap may be told in vain.
    if (truth_.lost(channel) < from) violated("a gap from {} in {}, which lost nothing since", from.value(), channel);
    const Offset kept = truth_.next_in(channel, std::max(place.seen, truth_.first_kept().previous()));
    if (kept != Offset() && kept <= to) violated("a gap up to {} hides record {}", to.value(), kept.value());
    place.gap_to = to;
    place.anchored = true;
    return;
  }
  violated("client {} received '{} {}'", id_, kind, channel);
}

void Client::on_connected(std::string_view channel, std::string_view pid, bool recovered, const Admission& admission) {
  Place& place = place_for(channel);
  if ((pid == place.pid) != recovered) {
    violated("client {} goes by its pid and takes itself as {} in {}", id_, recovered ? "new" : "recovered", channel);
  }
  if (recovered && admission.decision.gap_to != Offset()) violated("recovered, with a gap");
  trace_.note("client {} is in {}: {}, after {}{}", id_, channel, recovered ? "recovered" : "new",
              admission.decision.after.value(), admission.decision.newest ? " the newest" : "");
  place.joined = true;
  place.left = false;
  place.recovered = recovered;
  place.gap_to = Offset();  // it carries no position: another thread may still have what this one could not give
  if (traits_.kind != Kind::old) place.pid = pid;
  // Whoever said where it stands goes on from there. Whoever has a session and has received nothing is owed what it was.
  if (!place.claimed_place && (!recovered || admission.decision.newest)) {
    place.seen = admission.baseline;
    place.anchored = admission.anchored;
  }
  if (!recovered) place.session_gap_to = admission.decision.gap_to;
  if (recovered && !place.position) place.seen = std::max(place.seen, place.session_gap_to);
  if (!outbox_.empty() && outbox_.front().channel == channel) retry();
}

void Client::check_complete() const {
  for (const auto& [channel, place] : places_) {
    if (!place.joined) violated("client {} is not in {} in the end", id_, channel);
    const Offset last = truth_.last_in(channel);
    if (place.seen < last && last >= truth_.first_kept()) {
      violated("client {} has {} up to {} only; the channel ends at {}", id_, channel, place.seen.value(),
               last.value());
    }
  }
  if (!outbox_.empty()) violated("client {} waits for the ack of '{}' in the end", id_, outbox_.front().key);
}

}  // namespace tidemark::sim
