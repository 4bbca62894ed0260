#include "src/log/age_search.h"

#include <limits>
#include <optional>

#include "src/base/limits.h"

namespace tidemark {
namespace {

class AgeSearch {
 public:
  AgeSearch(const LogStore& store, TimeMs moment) : store_(store), moment_(moment) {}

  enum class Found : std::uint8_t { old, young, none, damaged };
  /// Looks at the first record from `from` up to `to`; `at` becomes its offset if it is old.
  Result<Found> look(Offset from, Offset to, Offset& at) const {
    auto found = Found::none;
    const auto read = store_.scan(from, to, Direction::forward, {1, std::numeric_limits<std::size_t>::max()},
                                  [&](const RecordView& record) {
                                    found = record.time < moment_ ? Found::old : Found::young;
                                    at = record.offset;
                                    return false;
                                  });
    if (read) return found;
    if (read.error().code != ErrorCode::corrupt) return std::unexpected(read.error());
    return Found::damaged;
  }

  /// The newest record from `from` up to, not including, `end` that is seen to be old; `none` if there is none.
  Result<Offset> newest_old(Offset from, Offset end, Offset none) {
    while (from < end) {
      const Offset middle(from.value() + (end.value() - from.value()) / 2);
      Offset at;
      const auto found = look(middle, end.previous(), at);
      if (!found) return std::unexpected(found.error());
      if (*found == Found::old) {
        none = at;
        from = at.next();
        continue;
      }
      if (*found == Found::damaged) {
        if (++damaged_ > limits::kDamagedProbes) return none;
        const auto above = newest_old(middle.next(), end, none);
        if (!above || *above > none) return above;
      }
      end = middle;
    }
    return none;
  }

 private:
  const LogStore& store_;
  const TimeMs moment_;
  int damaged_ = 0;
};

}  // namespace

Result<Offset> first_not_older(const LogStore& store, Offset from, Offset to, TimeMs moment) {
  AgeSearch search(store, moment);
  Offset oldest;
  const auto found = search.look(from, to, oldest);  // most of the time it is young enough
  if (!found) return std::unexpected(found.error());
  if (*found == AgeSearch::Found::young || *found == AgeSearch::Found::none) return from;
  const auto newest = search.newest_old(from, to.next(), from.previous());
  if (!newest) return newest;
  return newest->next();
}

}  // namespace tidemark
