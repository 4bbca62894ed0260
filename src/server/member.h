// A member: one client in one channel, which is to say one Socket.IO namespace of one Engine.IO session. It turns
// CONNECT into a recovery decision and a subscription, EVENT into a draft, outcomes into acks. Owned by its
// conversation, on that I/O thread.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/socketio/socketio.h"
#include "src/hub/channel_feed.h"
#include "src/hub/outlet.h"
#include "src/hub/reception.h"
#include "src/server/connect_request.h"
#include "src/server/event_arguments.h"
#include "src/server/participant.h"

namespace tidemark {

class EngineSession;

class Member final : public Participant, public Subscriber {
 public:
  /// Decides about a CONNECT. The error is the message of the CONNECT_ERROR. Nothing has been sent yet: start() does.
  [[nodiscard]] static std::expected<std::unique_ptr<Member>, std::string> connect(EngineSession& session,
                                                                                   std::string_view channel,
                                                                                   std::string_view auth);

  // Participant
  [[nodiscard]] std::string_view channel() const override {
    return beginning_ ? std::string_view(beginning_->channel) : subscription_->feed().channel;
  }
  /// Sends the CONNECT reply and begins the subscription.
  void start() override;
  void on_event(const socketio::Packet& packet) override;
  /// The client left the namespace: its session is over for good.
  void end() override;
  /// The connection was lost: the session waits to be resumed.
  void lose() override;

  void on_outcome(const Outcome& outcome) override;
  void on_live(Offset to) override;
  void on_taken_over() override;
  bool on_gap(Offset from, Offset to, GapReason reason) override;
  void on_read_failed(const Error& error) override;

 private:
  Member(EngineSession& session, std::string_view channel, const ConnectRequest& request, Reception reception);

  /// `position` is what the client may take as its own from now on; empty: it keeps the one it has.
  void send_status(std::string_view state, Offset from, Offset to, std::string_view position = {});
  /// For the inspector.
  void note_recovery(const Decision& decision);
  void ack(std::int64_t ack_id, std::string_view args);
  void refuse(std::optional<std::int64_t> ack_id, const Refusal& refusal);
  [[nodiscard]] SessionHolder holder() const;

  EngineSession& session_;
  const Sid sid_;
  const std::unique_ptr<const std::string> name_;  // null: it gave none, and is known by its sid
  const Offset told_up_to_;  // it knows that something may be missing up to here: it was told that it has not recovered
  struct Beginning {
    std::string channel;
    Decision decision;
    SessionTable::Grant session;
    std::optional<Offset> live;  // it was, before it could be said
  };
  std::unique_ptr<Beginning> beginning_;  // what start() needs; gone at its end
  Subscription* subscription_ = nullptr;  // from start() on
  const bool status_;
};

}  // namespace tidemark
