// The reads of an engine's store: each borrows the engine's Reader for the length of the call. An engine says where from.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "src/base/function_ref.h"
#include "src/log/log_store.h"

namespace tidemark {

template <class Reader>
class ReadingStore : public LogStore {
 public:
  Result<void> scan(Offset from, Offset to, Direction direction, PageLimits page, RecordVisitor visit) const final {
    return reading([&](Reader& reader) { return reader.scan(from, to, direction, page, visit); });
  }
  Result<void> read(std::span<const Offset> offsets, RecordVisitor visit) const final {
    return reading([&](Reader& reader) { return reader.read(offsets, visit); });
  }
  Result<void> channel_segments(std::string_view channel, std::uint64_t from_segment,
                                FunctionRef<bool(std::uint64_t, std::string_view)> visit) const final {
    return reading([&](Reader& reader) { return reader.channel_segments(channel, from_segment, visit); });
  }
  Result<void> key_segments(std::uint64_t from_segment,
                            FunctionRef<bool(std::uint64_t, std::string_view)> visit) const final {
    return reading([&](Reader& reader) { return reader.key_segments(from_segment, visit); });
  }
  Result<void> losses(FunctionRef<bool(const ChannelLoss&)> visit) const final {
    return reading([&](Reader& reader) { return reader.losses(visit); });
  }

 protected:
  using Read = FunctionRef<Result<void>(Reader&)>;
  /// Any thread. closed: there is no reader any more.
  [[nodiscard]] virtual Result<void> reading(Read read) const = 0;
};

}  // namespace tidemark
