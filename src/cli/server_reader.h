// The log of a running server, asked over its HTTP API (docs/api.md).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "src/cli/http_client.h"
#include "src/cli/json_members.h"
#include "src/cli/log_reader.h"

namespace tidemark::cli {

class ServerReader final : public LogReader {
 public:
  /// `waits` is asked a few times a second whether to go on waiting for an answer, and its owner shows that it waits. None:
  /// until the command is interrupted, and who is at a terminal is told by a line.
  ServerReader(ServerUrl url, std::string token, std::function<bool()> waits = {});

  [[nodiscard]] std::string where() const override { return client_.url().text(); }
  [[nodiscard]] Result<StoreState> state() override;
  [[nodiscard]] Result<void> scan(OffsetRange range, std::string_view channel, RecordVisitor visit,
                                  DamageVisitor damaged) override;
  [[nodiscard]] Result<Offset> first_not_older(OffsetRange range, TimeMs moment) override;
  [[nodiscard]] Result<LogFacts> facts() override;
  [[nodiscard]] Result<ChannelList> channels() override;
  [[nodiscard]] Result<void> check_newest() override { return {}; }
  [[nodiscard]] Result<Holes> holes() override;
  [[nodiscard]] Result<LogPast> past() override;
  [[nodiscard]] bool is_live() const override { return true; }
  [[nodiscard]] Result<void> follow(Offset after, std::string_view channel, const FollowVisitors& visit) override;

 private:
  /// The records of one answer, after where the log began when the answer did. Answers how many there were, and the last
  /// one's offset.
  struct Page {
    std::size_t records = 0;
    Offset last;
    bool ended = false;  // the visitor said so
  };
  [[nodiscard]] Result<Page> page(OffsetRange range, std::string_view parameters, FunctionRef<bool(Offset first)> begin,
                                  RecordVisitor visit);

  /// What `read` finds in the object that the server answers.
  template <class T>
  [[nodiscard]] Result<T> ask(std::string_view target, std::optional<T> (*read)(const JsonMembers&));

  /// What stands where a record cannot be given: an error as JSON.
  [[nodiscard]] std::unexpected<Error> unreadable(std::string_view error) const;

  HttpClient client_;
  const std::function<bool()> goes_on_;
};

}  // namespace tidemark::cli
