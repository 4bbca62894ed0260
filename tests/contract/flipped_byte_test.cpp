// One flipped byte anywhere in the files of a log, many times over: nothing wrong is ever delivered, nothing is left out
// without a word, verification notices, and a repair leaves a sound log of what was sound.
//
// TIDEMARK_FLIPS=500 TIDEMARK_SEED=7 contract-tests -tc='*flipped byte*' repeats and prolongs a run.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <random>
#include <set>

#include "src/base/journal.h"
#include "src/log/log.h"
#include "tests/contract/damaged_log.h"

namespace tidemark::contract {
namespace {

using Files = std::map<std::string, std::string>;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void write(const Files& files, const std::filesystem::path& directory) {
  for (const auto& [name, bytes] : files) write_file(directory / name, bytes);
}

/// A log as a dead process leaves it, its newest records in the write-ahead log.
struct DeadLog {
  std::vector<Record> records;
  Files files;

  DeadLog(std::string_view engine, std::uint64_t settled, std::uint64_t fresh) {
    const TemporaryDirectory live;
    const StoreOptions options{.directory = live.path(), .epoch_if_new = kEpoch};
    records = records_of_channels(1, settled + fresh);
    const std::vector<Record> first(records.begin(), records.begin() + static_cast<long>(settled));
    auto store = open_store(engine, options);
    REQUIRE(store);
    append_indexed(**store, first);
    (*store)->close();
    store = open_store(engine, options);
    REQUIRE(store);
    for (auto i = settled; i < records.size(); ++i) append(**store, {records[i]});
    files = contents(live.path());
    files.erase("tidemark.sqlite3-shm");
  }
};

/// The offset a sentence of damage names.
std::optional<std::uint64_t> named_offset(const std::string& sentence) {
  for (const std::string_view words : {"offset ", "offsets "}) {
    const auto place = sentence.find(words);
    if (place != std::string::npos) return std::strtoull(sentence.c_str() + place + words.size(), nullptr, 10);
  }
  return std::nullopt;
}

/// Reads every channel through the log, as subscribers do. Answers whether all of it came.
bool read_as_subscribers_do(std::unique_ptr<LogStore> store, const std::vector<Record>& expected) {
  const SystemClock clock;
  const auto log = Log::open(std::move(store), {}, clock);
  if (!log) {
    CHECK(log.error().context.size() > 20);
    return false;
  }
  std::set<std::string> channels;
  for (const Record& record : expected) channels.insert(record.channel);
  bool whole = true;
  for (const auto& channel : channels) {
    INFO("channel ", channel);
    std::vector<std::uint64_t> owed;
    for (const Record& record : expected) {
      if (record.channel == channel) owed.push_back(record.offset.value());
    }
    std::size_t next = 0;
    for (Offset after; after < (*log)->head();) {
      Offset last = after;
      const auto page =
          (*log)->read_channel(channel, after, (*log)->head(), {1000, 1'000'000}, [&](const RecordView& record) {
            REQUIRE(next < owed.size());
            CHECK(record.offset.value() == owed[next++]);  // none is left out without a word
            CHECK(Record(record) == expected[record.offset.value() - 1]);
            last = record.offset;
            return true;
          });
      if (page) {
        after = page->covered;
        continue;
      }
      // A client would stay here; the test goes on behind it.
      whole = false;
      INFO(page.error().context);
      CHECK(page.error().code == ErrorCode::corrupt);
      const auto damaged = named_offset(page.error().context);
      REQUIRE(damaged);
      REQUIRE(*damaged > last.value());
      after = Offset(*damaged);
      while (next < owed.size() && owed[next] <= *damaged) ++next;
    }
    CHECK(next == owed.size());
  }
  (*log)->close();
  return whole;
}

struct Tally {
  int refused = 0, damaged = 0, unrepairable = 0, repaired = 0, harmless = 0;
};

void flip(std::string_view engine, const DeadLog& log, const std::string& file, std::size_t place, unsigned bit,
          Tally& tally) {
  auto files = log.files;
  auto& bytes = files.at(file);
  bytes[place] = static_cast<char>(bytes[place] ^ static_cast<char>(1U << bit));
  INFO("bit ", bit, " of byte ", place, " of ", file);

  const TemporaryDirectory served;
  write(files, served.path());
  bool whole = false;
  if (auto store = open_store(engine, {.directory = served.path(), .epoch_if_new = kEpoch})) {
    whole = read_as_subscribers_do(std::move(*store), log.records);
  } else {
    CHECK(store.error().context.find(served.path().string()) != std::string::npos);
    ++tally.refused;
  }

  const TemporaryDirectory directory;
  write(files, directory.path());
  const auto found = verified(engine, directory.path());
  CHECK(contents(directory.path()) == files);
  if (!found) {
    CHECK(found.error().context.size() > 20);
    CHECK_FALSE(whole);
    ++tally.unrepairable;
    return;
  }
  INFO("found: ", found->text());
  if (!whole) CHECK_FALSE(found->verdict.clean());
  if (found->verdict.clean()) {
    ++tally.harmless;
    return;
  }
  ++tally.damaged;

  const TemporaryDirectory repaired;
  const auto saved = salvaged(engine, directory.path(), repaired.path(), Epoch(7));
  if (!saved) FAIL(saved.error().context);
  CHECK(contents(directory.path()) == files);
  CHECK(saved->lost == found->verdict.lost);
  const auto sound = verified(engine, repaired.path());
  if (!sound) FAIL(sound.error().context);
  INFO("found after the repair: ", sound->text());
  CHECK(sound->verdict.clean());
  CHECK(sound->verdict.records == log.records.size() - saved->lost.size());
  const auto store = open_store(engine, {.directory = repaired.path(), .epoch_if_new = kEpoch});
  if (!store) FAIL(store.error().context);
  CHECK((*store)->state().epoch == Epoch(7));
  CHECK((*store)->state().head.value() >= log.records.size());
  for (const Record& record : scan(**store, 0, Offset::kMax)) {
    CHECK(record == log.records[record.offset.value() - 1]);
  }
  ++tally.repaired;
}

void flip_one(std::string_view engine, const DeadLog& log, std::mt19937_64& random, Tally& tally) {
  auto file = log.files.begin();
  // The write-ahead log and the floor are small; they get their share all the same.
  std::advance(file, random() % 2 == 0 ? 0 : random() % log.files.size());
  if (file->second.empty()) return;
  const auto place = random() % file->second.size();
  flip(engine, log, file->first, place, random() % 8, tally);
}

}  // namespace

TEST_CASE("a flipped byte is never delivered, never passed over, and mended by a repair") {
  journal::set_level(journal::Level::error);
  const auto seed = from_environment("TIDEMARK_SEED", std::random_device{}());
  const auto flips = from_environment("TIDEMARK_FLIPS", 60);
  for (const auto engine : store_engines()) {
    if (engine == "memory") continue;
    // One with a finished segment, one that fits a few pages: there a flip hits the structure rather than a payload.
    for (const auto& [settled, fresh] :
         {std::pair<std::uint64_t, std::uint64_t>{200, 20}, {limits::kSegmentRecords + 500, 20}}) {
      const DeadLog log(engine, settled, fresh);
      Tally tally;
      for (std::uint64_t flip = 0; flip < flips; ++flip) {
        std::mt19937_64 random(seed + flip);
        INFO("engine ", std::string(engine), ", ", settled,
             " records; again with TIDEMARK_FLIPS=1 TIDEMARK_SEED=", seed + flip);
        flip_one(engine, log, random, tally);
      }
      MESSAGE(engine, ", ", settled, " records, seed ", seed, ": ", flips, " flips, ", tally.refused,
              " refused to serve, ", tally.harmless, " harmless, ", tally.damaged, " damaged, of them ", tally.repaired,
              " repaired; ", tally.unrepairable, " not to be opened at all");
    }
  }
  journal::set_level(journal::Level::info);
}

// SQLite keeps there what it believes of the file and of its tables. A column of another name is one to it, and no reader
// need ask for it: opening a log to append to it does.
TEST_CASE("a flipped byte of SQLite's first page is found wherever the log is refused for it") {
  journal::set_level(journal::Level::error);
  const DeadLog log("sqlite", 200, 20);
  const std::string file = "tidemark.sqlite3";
  const auto page = log.files.at(file).substr(0, 4096);
  const auto stride = from_environment("TIDEMARK_STRIDE", 37);
  Tally tally;
  for (std::size_t place = 0; place < page.size(); place += place < 100 ? 1 : stride) {
    for (unsigned bit = place % 8, end = stride == 1 ? bit + 8 : bit + 1; bit < end; ++bit) {
      flip("sqlite", log, file, place, bit % 8, tally);
    }
  }
  MESSAGE("first page, every ", stride, " bytes: ", tally.refused, " refused to serve, ", tally.harmless, " harmless, ",
          tally.damaged, " damaged; ", tally.unrepairable, " not to be opened at all");

  // Of the tables' descriptions: of records, of those without which the records are there, and their number in the page's
  // header, which hides two.
  constexpr std::size_t kNumber = 104;
  for (const auto place :
       {page.find("attachment_count INTEGER"), page.find("coalesce(length"), page.find("milliseconds since"),
        page.find("TABLE key_segments("), page.find("TABLE channel_segments("), page.find("TABLE losses("), kNumber}) {
    CAPTURE(place);
    REQUIRE(place != std::string::npos);
    flip("sqlite", log, file, place, 1, tally);
    auto files = log.files;
    files.at(file)[place] = static_cast<char>(page[place] ^ 2);
    const TemporaryDirectory directory;
    write(files, directory.path());
    const auto found = verified("sqlite", directory.path());
    REQUIRE(found);
    INFO("found: ", found->text());
    CHECK((found->mentions("its description of ") || found->mentions("malformed database schema")));
    CHECK(found->verdict.lost.empty());
    CHECK_FALSE(open_store("sqlite", {.directory = directory.path(), .epoch_if_new = kEpoch}));
  }
  journal::set_level(journal::Level::info);
}

}  // namespace tidemark::contract
