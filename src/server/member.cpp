#include "src/server/member.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "protocol/json/json.h"
#include "src/base/journal.h"
#include "src/base/limits.h"
#include "src/base/position.h"
#include "src/server/engine_session.h"
#include "src/server/io_thread.h"
#include "src/server/served_channel.h"
#include "src/server/service.h"

namespace tidemark {
namespace {

std::optional<std::uint64_t> smaller_history(std::optional<std::uint64_t> asked, std::uint64_t configured) {
  if (configured != 0) asked = std::min(asked.value_or(configured), configured);
  return asked > limits::kHistoryRecords ? std::nullopt : asked;
}

}  // namespace

std::expected<std::unique_ptr<Member>, std::string> Member::connect(EngineSession& session, std::string_view channel,
                                                                    std::string_view auth) {
  Service& service = session.thread().service();
  if (!is_served_channel(service.options, channel)) {
    service.refusals.count(Refused::invalid_namespace);
    return std::unexpected("Invalid namespace");
  }
  auto request = read_connect_request(auth);
  if (!request) {
    service.refusals.count(Refused::bad_auth);
    return std::unexpected(request.error());
  }
  if (!session.thread().shard().can_follow(channel)) {
    service.refusals.count(Refused::too_many_channels);
    return std::unexpected("Too many channels");
  }

  const bool restores = service.options.recovery_window > Millis(0);
  auto reception = receive({.channel = channel,
                            .identity = request->name,
                            .pid = restores ? request->pid : std::nullopt,
                            .offset = request->offset,
                            .server_offset = request->server_offset,
                            .history = smaller_history(request->history, service.options.history)},
                           service.log, service.sessions, session.thread().shard());
  if (!reception) {
    service.refusals.count(Refused::too_many_sessions);
    return std::unexpected("Too many sessions");
  }
  if (restores && request->pid && !reception->session_found) {
    const bool expired = reception->refusal == SessionTable::Refusal::expired;
    service.refusals.count(expired ? Refused::pid_expired : Refused::pid_unknown);
  }
  const Decision& decision = reception->decision;
  if (!decision.recovered && request->pid) {
    const std::string_view reason = decision.reason != "no session" ? decision.reason
                                    : reception->refusal == SessionTable::Refusal::expired
                                        ? "session expired"
                                        : "no session of this log, channel and name";
    journal::info("recovery_refused", {{"channel", std::string(channel)},
                                       {"reason", reason},
                                       {"after", decision.after.value()},
                                       {"sid", reception->grant.sid.text()}});
  } else if (decision.recovered) {
    journal::debug("recovered", {{"channel", std::string(channel)}, {"after", decision.after.value()}});
  }
  return std::unique_ptr<Member>(new Member(session, channel, *request, std::move(*reception)));
}

Member::Member(EngineSession& session, std::string_view channel, const ConnectRequest& request, Reception reception)
    : session_(session),
      sid_(reception.grant.sid),
      name_(request.name.empty() ? nullptr : std::make_unique<const std::string>(request.name)),
      told_up_to_(reception.told_up_to()),
      beginning_(std::make_unique<Beginning>(std::string(channel), reception.decision, std::move(reception.grant),
                                             std::nullopt)),
      status_(request.status) {}

void Member::start() {
  const Decision& decision = beginning_->decision;
  std::string reply;
  // Without a recovery window a pid would promise what is not kept.
  const bool with_pid = session_.thread().service().options.recovery_window > Millis(0);
  socketio::append_connect(reply, channel(),
                           with_pid ? fmt::format(R"({{"sid":"{}","pid":"{}"}})", sid_.text(), beginning_->session.pid)
                                    : fmt::format(R"({{"sid":"{}"}})", sid_.text()));
  session_.send(reply);
  if (decision.gap_to != Offset()) (void)on_gap(decision.gap_from, decision.gap_to, GapReason::trimmed);
  const Offset seen = session_.thread().shard().seen();
  subscription_ = &subscribe(session_.outlet(), channel(), decision, *this);
  session_.thread().service().hub.hold_session(beginning_->session, holder());
  note_recovery(decision);
  const auto beginning = std::move(beginning_);
  // First where the records come from, then - once there is nothing more to come - that it is live.
  if (decision.recovered || !beginning->live) {
    send_status(subscription_->live() ? "resumed" : "replaying", decision.after.next(), std::max(decision.after, seen));
  }
  if (beginning->live) on_live(*beginning->live);
}

void Member::note_recovery(const Decision& decision) {
  Service& service = session_.thread().service();
  const auto way = !decision.recovered     ? Recovery::Way::fresh
                   : subscription_->live() ? Recovery::Way::resumed
                                           : Recovery::Way::replayed;
  service.recoveries.note({.way = way,
                           .time = service.clock.wall(),
                           .channel = std::string(channel()),
                           .sid = std::string(sid_.text()),
                           .sender = name_ ? *name_ : std::string(sid_.text()),
                           .after = decision.after,
                           .reason = std::string(decision.reason)});
}

SessionHolder Member::holder() const { return {session_.thread().index(), subscription_->id()}; }

void Member::send_status(std::string_view state, Offset from, Offset to, std::string_view position) {
  if (!status_) return;
  std::string packet;
  socketio::append_event(packet, channel(), 0,
                         fmt::format(R"(["log:status",{{"state":"{}","from":{},"to":{}}}{}])", state, from.value(),
                                     to.value(), position.empty() ? std::string() : fmt::format(R"(,"{}")", position)));
  session_.send(packet);
}

void Member::on_live(Offset to) {
  if (beginning_) {
    beginning_->live = to;
    return;
  }
  // It has everything up to here: in an idle channel this is how it learns which log it stands in, and where.
  const Epoch epoch = session_.thread().service().log.epoch();
  send_status("live", to.next(), to, Position{.epoch = epoch, .offset = to}.text());
}

void Member::on_event(const socketio::Packet& packet) {
  Service& service = session_.thread().service();
  auto arguments = read_event_arguments(packet);
  if (!arguments) return refuse(packet.ack_id, arguments.error());
  if (!session_.may_publish()) {
    return refuse(packet.ack_id, {"rate_exceeded", fmt::format("one connection may publish {} events a second",
                                                               service.options.publish_rate)});
  }
  const auto listed = [&](const std::vector<std::string>& names) {
    return std::ranges::find(names, arguments->event) != names.end();
  };
  if (listed(service.options.events)) {
    session_.publish(
        {.channel = std::string(channel()),
         .event = std::move(arguments->event),
         .sender = name_ ? *name_ : std::string(sid_.text()),
         .client_key = std::move(arguments->client_key),
         .payload = std::string(arguments->payload),
         .attachments = packet.attachments,
         .origin = {.subscription = subscription_->id(), .ack_id = packet.ack_id.value_or(Origin::kNoAck)}});
  } else if (listed(service.options.relays)) {
    if (arguments->payload.size() + packet.attachments.size() > limits::kRelayEventBytes) {
      return refuse(packet.ack_id, {"payload_too_large", fmt::format("an event that is not stored may have {} bytes",
                                                                     limits::kRelayEventBytes)});
    }
    service.hub.relay({.channel = std::string(channel()),
                       .event = std::move(arguments->event),
                       .payload = std::string(arguments->payload),
                       .attachments = packet.attachments});
    if (packet.ack_id) ack(*packet.ack_id, R"([{"relayed":true}])");
  } else {
    refuse(packet.ack_id, {"unknown_event", "this server neither logs nor relays this event"});
  }
}

void Member::refuse(std::optional<std::int64_t> ack_id, const Refusal& refusal) {
  journal::debug("publish_refused", {{"channel", channel()}, {"sid", sid_.text()}, {"code", refusal.code}});
  if (const auto kind = refused_named(refusal.code)) session_.thread().service().refusals.count(*kind);
  if (ack_id) ack(*ack_id, refusal_args(refusal));
}

void Member::ack(std::int64_t ack_id, std::string_view args) {
  std::string packet;
  socketio::append_ack(packet, channel(), ack_id, args);
  session_.send(packet);
}

void Member::on_outcome(const Outcome& outcome) {
  // A failure is not answered: the client's `retries` ask again, and the record is stored once when storage works.
  if (outcome.status == Outcome::Status::refused) {
    return refuse(outcome.origin.ack_id == Origin::kNoAck ? std::nullopt : std::optional(outcome.origin.ack_id),
                  {"channels_full", "this log takes no further channel; one that has messages takes more"});
  }
  if (outcome.status == Outcome::Status::failed || outcome.origin.ack_id == Origin::kNoAck) return;
  ack(outcome.origin.ack_id, fmt::format(R"([{{"offset":{},"duplicate":{}}}])", outcome.offset.value(),
                                         outcome.status == Outcome::Status::duplicate));
}

void Member::on_taken_over() { session_.close_soon(CloseReason::taken_over); }

bool Member::on_gap(Offset from, Offset to, GapReason reason) {
  // One that does not listen to status would believe that it has everything, unless it was told that it has not
  // recovered. It is sent away: when it comes back it is told that.
  if (!status_) return to <= told_up_to_;
  std::string packet;
  socketio::append_event(
      packet, channel(), 0,
      fmt::format(R"(["log:gap",{{"from":{},"to":{},"reason":"{}"}}])", from.value(), to.value(), name(reason)));
  session_.send(packet);
  return true;
}

void Member::on_read_failed(const Error& error) {
  // A client that took nothing for longer than records are kept, in the middle of a large one: what it got of it is of
  // no use, and nothing else can be sent before its end. When it comes back it is told of the gap.
  if (error.code == ErrorCode::not_found) {
    journal::info("client_overtaken", {{"channel", channel()}, {"sid", sid_.text()}});
    return session_.close_soon(CloseReason::record_trimmed);
  }
  Service& service = session_.thread().service();
  // Clients that stand before a damaged record come back again and again: a line for each would hide everything else.
  if (const auto times = service.read_failures.note(error, service.clock.wall(), service.clock.steady())) {
    journal::error("catch_up_failed",
                   {{"channel", channel()}, {"sid", sid_.text()}, {"error", error.context}, {"times", *times}});
  }
  // What it is owed is there still, or may be again: no gap, but not silence either.
  if (subscription_ != nullptr) send_status("unreadable", subscription_->next(), session_.thread().shard().seen());
  session_.close_soon(CloseReason::read_failed);
}

void Member::end() {
  session_.thread().service().sessions.end(sid_, holder());
  session_.outlet().unsubscribe(*subscription_);
  subscription_ = nullptr;
}

void Member::lose() {
  session_.thread().service().sessions.leave(sid_, holder());
  session_.outlet().unsubscribe(*subscription_);
  subscription_ = nullptr;
}

}  // namespace tidemark
