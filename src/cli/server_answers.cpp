#include "src/cli/server_answers.h"

namespace tidemark::cli {
namespace {

ServerFacts server_in(const JsonMembers& info) {
  ServerFacts server{.version = info.text("version").value_or(""),
                     .connections = info.number("connections").value_or(0),
                     .started = info.time("started"),
                     .why_not_writable = info.text("why_not_writable").value_or("")};
  for (const auto& failure : info.objects("unreadable")) {
    server.unreadable.push_back(failure.text("error").value_or(""));
  }
  if (const auto since = info.object("since_start")) {
    server.commits = since->number("commits").value_or(0);
    server.records = since->number("records").value_or(0);
    server.bytes = since->number("bytes").value_or(0);
    server.duplicates = since->number("duplicates").value_or(0);
    server.resumed = since->number("resumed").value_or(0);
    server.replayed = since->number("replayed").value_or(0);
    server.fresh = since->number("new").value_or(0);
  }
  return server;
}

}  // namespace

std::optional<StoreState> state_in(const JsonMembers& info) {
  const auto epoch = info.text("epoch");
  const auto parsed = epoch ? Epoch::parse(*epoch) : std::nullopt;
  const auto first = info.number("first");
  const auto head = info.number("head");
  if (!parsed || !first || !head) return std::nullopt;
  return StoreState{*parsed, Offset(*first), Offset(*head)};
}

std::optional<LogFacts> facts_in(const JsonMembers& info) {
  const auto state = state_in(info);
  if (!state) return std::nullopt;
  return LogFacts{.engine = info.text("engine").value_or(""),
                  .state = *state,
                  .records = info.number("records").value_or(0),
                  .bytes_on_disk = info.number("bytes_on_disk").value_or(0),
                  .first_time = info.time("first_time"),
                  .last_time = info.time("head_time"),
                  .server = server_in(info)};
}

std::optional<Holes> holes_in(const JsonMembers& info) {
  Holes holes;
  for (const auto& hole : info.objects("holes")) {
    const auto from = hole.number("from");
    const auto to = hole.number("to");
    if (!from || !to || *from < 1 || *to < *from) return std::nullopt;
    holes.add({Offset(*from), Offset(*to)});
  }
  return holes;
}

std::optional<ChannelList> channels_in(const JsonMembers& answer) {
  ChannelList found;
  found.damage.add(answer.number("unreadable").value_or(0));
  for (const auto& channel : answer.objects("channels")) {
    found.channels.push_back({.name = channel.text("channel").value_or(""),
                              .records = channel.number("records").value_or(0),
                              .bytes = channel.number("bytes").value_or(0),
                              .first = Offset(channel.number("first").value_or(0)),
                              .last = Offset(channel.number("last").value_or(0)),
                              .last_time = channel.time("last_time").value_or(TimeMs())});
  }
  return found;
}

std::optional<std::map<std::string, Offset>> losses_in(const JsonMembers& answer) {
  std::map<std::string, Offset> losses;
  for (const auto& loss : answer.objects("losses")) {
    const auto channel = loss.text("channel");
    const auto last = loss.number("last");
    if (!channel || !last || *last < 1 || *last > Offset::kMax) return std::nullopt;
    losses[*channel] = Offset(*last);
  }
  return losses;
}

}  // namespace tidemark::cli
