#include "tests/sim/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "src/base/limits.h"
#include "src/base/position.h"
#include "tests/sim/node.h"
#include "tests/sim/trace.h"

namespace tidemark::sim {

// --- sinks -----------------------------------------------------------------------------------------------------------

/// As a WebSocket's socket: takes what fits, now and then less.
class Connection::Socket final : public Sink {
 public:
  Socket(Pipe& pipe, Random& random, std::uint64_t number)
      : pipe_(pipe), random_(random), number_(static_cast<int>(number)) {}
  [[nodiscard]] int socket() const override { return number_; }
  std::size_t send(std::string_view frames) override {
    const std::size_t taken = take(frames);
    waits = waits || taken < frames.size();
    return taken;
  }
  std::size_t sent(std::string_view frames, int result) override {
    waits = waits || result == -EAGAIN;
    return Sink::sent(frames, result);
  }
  std::size_t take(std::string_view frames) {
    std::size_t taken = std::min(frames.size(), pipe_.capacity - std::min(pipe_.capacity, pipe_.down.size()));
    if (taken > 1 && random_.one_in(8)) taken = random_.between(1, taken);
    pipe_.down += frames.substr(0, taken);
    return taken;
  }
  bool waits = false;  // it was told that there is no more room: when there is, it is said once

 private:
  Pipe& pipe_;
  Random& random_;
  const int number_;
};

/// As the body of a poll: whole frames, so many and so large.
class Connection::PollBody final : public Sink {
 public:
  explicit PollBody(const Settings& settings) : settings_(settings) {}
  std::size_t send(std::string_view frames) override {
    std::size_t taken = 0;
    while (packets_ < settings_.packets_per_poll) {
      const auto end = frames.find_first_of(">)]", taken);
      if (end == std::string_view::npos) break;
      const auto frame = frames.substr(taken, end + 1 - taken);
      if (packets_ > 0 && body.size() + frame.size() > settings_.poll_bytes) break;
      body += frame;
      taken += frame.size();
      ++packets_;
    }
    return taken;
  }
  std::string body;

 private:
  const Settings& settings_;
  std::size_t packets_ = 0;
};

// --- members ---------------------------------------------------------------------------------------------------------

void Member::connect(const Packet& packet) {
  Node& node = connection_.node();
  std::optional<std::string> pid;
  if (!packet.pid.empty()) pid = packet.pid;
  const auto reception = receive({.channel = channel_,
                                  .identity = {},
                                  .pid = pid,
                                  .offset = packet.offset,
                                  .server_offset = packet.server_offset,
                                  .history = packet.history},
                                 node.log, node.sessions, node.threads[connection_.thread()]->shard);
  if (!reception) violated("there is no room for a session, of {}", node.sessions.size());
  if (pid && reception->session_found != node.within_window(*pid)) {
    const SessionModel& model = node.session_models[*pid];
    violated("a session is {} in run {}: made in run {}, last held in run {}, {}, left at {} of {}, window {}",
             reception->session_found ? "given" : "refused", node.run, model.made, model.run,
             model.held    ? "held"
             : model.ended ? "ended"
                           : "away",
             model.left.count(), node.clock.steady().count(), node.settings.window.count());
  }
  const Decision& decision = reception->decision;
  sid_ = reception->grant.sid;
  pid_ = reception->grant.pid;
  session_ = reception->grant;
  status_ = packet.status;
  recovered_ = decision.recovered;
  told_up_to_ = reception->told_up_to();
  Admission admission{.channel = channel_, .decision = decision, .baseline = decision.after};
  if (decision.newest && *decision.newest > 0) {
    admission.baseline = node.truth.before_newest(channel_, decision.after, *decision.newest);
    admission.anchored = false;
  }
  connection_.send(fmt::format("[c {} {} {} {}]", channel_, pid_, recovered_ ? 1 : 0, node.admissions.size()));
  node.admissions.push_back(admission);
  if (decision.gap_to != Offset()) (void)on_gap(decision.gap_from, decision.gap_to, GapReason::trimmed);
  subscription_ = &subscribe(connection_.outlet(), channel_, decision, *this);
  node.hub.hold_session(session_, holder());
  auto [model, added] = node.session_models.try_emplace(pid_);
  if (added) model->second.made = node.run;
  model->second.run = node.run;
  model->second.held = true;
  model->second.ended = false;
  model->second.holder = connection_.id();
  if (live_at_start_) on_live(*live_at_start_);
}

SessionHolder Member::holder() const { return {connection_.thread(), subscription_->id()}; }

void Member::lose() {
  Node& node = connection_.node();
  node.sessions.leave(sid_, holder());
  SessionModel& model = node.session_models[pid_];
  if (model.held && model.holder == connection_.id()) {
    model.held = false;
    model.left = node.clock.steady();
  }
  connection_.outlet().unsubscribe(*subscription_);
  subscription_ = nullptr;
}

void Member::end() {
  Node& node = connection_.node();
  node.sessions.end(sid_, holder());
  SessionModel& model = node.session_models[pid_];
  if (model.held && model.holder == connection_.id()) {
    model.held = false;
    model.ended = true;
  }
  connection_.outlet().unsubscribe(*subscription_);
  subscription_ = nullptr;
}

void Member::on_outcome(const Outcome& outcome) {
  if (outcome.status == Outcome::Status::failed || outcome.origin.ack_id == Origin::kNoAck) return;
  if (!connection_.node().truth.has(outcome.offset)) {
    violated("ack {} names record {}, which is not on the disk", outcome.origin.ack_id, outcome.offset.value());
  }
  connection_.send(fmt::format("[a {} {}]", outcome.origin.ack_id, outcome.offset.value()));
}

void Member::on_live(Offset to) {
  if (subscription_ == nullptr) {
    live_at_start_ = to;
  } else if (status_) {
    connection_.send(fmt::format("[l {} {}]", channel_, to.value()));
  }
}

bool Member::on_gap(Offset from, Offset to, GapReason /*reason*/) {
  if (status_) connection_.send(fmt::format("[g {} {} {}]", channel_, from.value(), to.value()));
  return status_ || to <= told_up_to_;
}

void Member::on_taken_over() { connection_.close_soon(); }
void Member::on_read_failed(const Error&) { connection_.close_soon(); }

// --- the connection --------------------------------------------------------------------------------------------------

Connection::Connection(Node& node, std::uint64_t id, std::uint32_t thread, std::shared_ptr<Pipe> pipe)
    : node_(node),
      id_(id),
      thread_(thread),
      pipe_(std::move(pipe)),
      outlet_(node.threads[thread]->shard),
      publisher_(node.threads[thread]->shard, node.log, *this) {
  if (pipe_->polling) return;
  socket_ = std::make_unique<Socket>(*pipe_, node_.random, id_);
  outlet_.attach(socket_.get());
}

Connection::~Connection() { pipe_->server_open = false; }

void Connection::send(std::string_view text) {
  outlet_.own() += text;
  outlet_.flush_soon();
}

void Connection::close_soon() {
  node_.threads[thread_]->executor.post([&node = node_, id = id_] {
    const auto found = node.connections.find(id);
    if (found == node.connections.end()) return;
    found->second->close(true);
    node.forget(id);
  });
}

void Connection::close(bool tell) {
  publisher_.close();
  if (tell && socket_) outlet_.close_with("[close]");
  if (poll_) pipe_->down += poll_->body;
  outlet_.attach(nullptr);
  pipe_->server_open = false;
  for (const auto& [channel, member] : members_) member->lose();
  members_.clear();
}

bool Connection::can_read() const {
  return !node_.draining && !input_waits_ && !pipe_->up.empty() && outlet_.own_bytes() <= limits::kOwnBytesPause;
}

void Connection::read_packet() {
  Packet packet = std::move(pipe_->up.front());
  pipe_->up.pop_front();
  auto& member = members_[packet.channel];
  switch (packet.kind) {
    case Packet::Kind::connect:
      member = std::make_unique<Member>(*this, packet.channel);
      return member->connect(packet);
    case Packet::Kind::leave:
      member->end();
      members_.erase(packet.channel);
      if (outlet_.broken()) close_soon();
      return;
    case Packet::Kind::relay: return node_.hub.relay({.channel = packet.channel, .payload = packet.payload});
    case Packet::Kind::publish:
      publisher_.publish({.channel = packet.channel,
                          .event = "chat message",
                          .sender = "ann",
                          .client_key = packet.client_key,
                          .payload = packet.payload,
                          .origin = {.subscription = member->subscription().id(), .ack_id = packet.ack_id}});
      input_waits_ = publisher_.waiting();
      return;
  }
}

bool Connection::can_write() const {
  return socket_ && socket_->waits && !outlet_.broken() && pipe_->down.size() < pipe_->capacity;
}

std::size_t Connection::take(std::string_view bytes) { return socket_->take(bytes); }

void Connection::writable() {
  socket_->waits = false;
  outlet_.writable();
}

void Connection::open_poll() {
  poll_ = std::make_unique<PollBody>(node_.settings);
  outlet_.attach(poll_.get());
  outlet_.flush();
}

bool Connection::poll_filled() const { return !poll_->body.empty(); }

void Connection::answer_poll() {
  outlet_.attach(nullptr);
  pipe_->down += std::exchange(poll_, nullptr)->body;
  pipe_->poll_waits = false;
}

void Connection::upgrade() {
  if (poll_) answer_poll();
  pipe_->polling = false;
  socket_ = std::make_unique<Socket>(*pipe_, node_.random, id_);
  outlet_.attach(socket_.get());
  outlet_.flush();
}

void Connection::check() const {
  if (publisher_.waiting() != input_waits_) violated("connection {} waits, and nobody will tell it to go on", id_);
  if (publisher_.drafts() > node_.settings.shard.share_drafts) {
    violated("connection {} has {} drafts in the queue, its share is at most {}", id_, publisher_.drafts(),
             node_.settings.shard.share_drafts);
  }
  const bool idle = node_.threads[thread_]->executor.idle();
  // Everything else waits for the rest of a record that must be read again first.
  const bool in_record =
      std::ranges::any_of(members_, [](const auto& entry) { return !entry.second->subscription().at_boundary(); });
  if (idle && outlet_.ready() && outlet_.own_bytes() > 0 && !in_record) {
    violated("connection {} takes bytes, its thread has nothing to do, and {} of its own wait", id_,
             outlet_.own_bytes());
  }
  for (const auto& [channel, member] : members_) {
    const Subscription& subscription = member->subscription();
    const bool behind = !subscription.live();
    if (!outlet_.ready() && behind && !subscription.wants_page()) {
      violated("a page of {} is held for connection {}, which takes nothing", channel, id_);
    }
    if (!idle) continue;
    if (outlet_.ready() && !in_record && (behind ? !subscription.reading() : !subscription.at_head())) {
      violated("connection {} takes bytes, its thread has nothing to do, and records of {} wait", id_, channel);
    }
    const SessionModel& session = node_.session_models.at(member->pid());
    if (session.held && session.run == node_.run && session.holder != id_) {
      violated("connection {} is there although {} has taken its session of {}", id_, session.holder, channel);
    }
  }
}

}  // namespace tidemark::sim
