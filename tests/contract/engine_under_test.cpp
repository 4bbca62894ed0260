#include "tests/contract/engine_under_test.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tidemark::contract {

TemporaryDirectory::TemporaryDirectory() {
  auto pattern = (std::filesystem::temp_directory_path() / "tidemark-contract-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void EngineUnderTest::open() {
  auto opened = open_store(name_, {.directory = directory(), .epoch_if_new = kEpoch});
  if (!opened) FAIL(opened.error().context);
  store_ = std::move(*opened);
}

void EngineUnderTest::reopen() {
  if (!persists()) return;
  store_->close();
  store_.reset();
  open();
}

Result<std::unique_ptr<LogStore>> EngineUnderTest::open_with(StoreOptions options) const {
  options.directory = directory();
  return open_store(name_, options);
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

Record record_at(std::uint64_t offset, std::string_view channel) {
  Record record;
  record.offset = Offset(offset);
  record.time = {1'700'000'000'000 + static_cast<std::int64_t>(offset)};
  record.channel = channel;
  record.event = offset % 3 == 0 ? "typing" : "chat message";
  record.sender = fmt::format("sender-{}", offset % 5);
  record.client_key = offset % 4 == 0 ? "" : fmt::format("key-{}", offset);
  record.payload = fmt::format(R"("message {}")", offset);
  return record;
}

std::vector<Record> records_between(std::uint64_t first, std::uint64_t last) {
  std::vector<Record> records;
  for (auto offset = first; offset <= last; ++offset) records.push_back(record_at(offset));
  return records;
}

std::vector<RecordView> views(const std::vector<Record>& records) {
  std::vector<RecordView> result;
  for (const Record& record : records) result.push_back(record.view());
  return result;
}

void append(LogStore& store, const std::vector<Record>& records, const std::vector<IndexSegment>& segments) {
  const auto done = store.append(views(records), segments);
  if (!done) FAIL(done.error().context);
}

std::vector<Record> scan(const LogStore& store, std::uint64_t from, std::uint64_t to, Direction direction,
                         PageLimits page) {
  std::vector<Record> records;
  const auto done = store.scan(Offset(from), Offset(to), direction, page, [&](const RecordView& record) {
    records.emplace_back(record);
    return true;
  });
  if (!done) FAIL(done.error().context);
  return records;
}

std::vector<Record> read(const LogStore& store, const std::vector<std::uint64_t>& offsets) {
  std::vector<Offset> wanted;
  for (const auto offset : offsets) wanted.emplace_back(offset);
  std::vector<Record> records;
  const auto done = store.read(wanted, [&](const RecordView& record) {
    records.emplace_back(record);
    return true;
  });
  if (!done) FAIL(done.error().context);
  return records;
}

std::vector<std::uint64_t> offsets_of(const std::vector<Record>& records) {
  std::vector<std::uint64_t> result;
  for (const Record& record : records) result.push_back(record.offset.value());
  return result;
}

IndexSegment segment_with(std::uint64_t number, std::string_view channel, const std::vector<std::uint64_t>& offsets) {
  std::vector<Offset> list;
  std::vector<KeyHash> keys;
  for (const auto offset : offsets) {
    list.emplace_back(offset);
    keys.push_back({offset * 7919, Offset(offset)});
  }
  return {.number = number,
          .channels = {{std::string(channel), encode_offsets(number, list)}},
          .key_hashes = encode_key_hashes(number, keys)};
}

std::vector<std::uint64_t> channel_segments(const LogStore& store, std::string_view channel, std::uint64_t from) {
  std::vector<std::uint64_t> numbers;
  const auto done = store.channel_segments(channel, from, [&](std::uint64_t number, std::string_view encoded) {
    CHECK(decode_offsets(number, encoded));
    numbers.push_back(number);
    return true;
  });
  if (!done) FAIL(done.error().context);
  return numbers;
}

Losses losses_of(const LogStore& store) {
  Losses losses;
  const auto done = store.losses([&](const ChannelLoss& loss) {
    losses.emplace(loss.channel, loss.last.value());
    return true;
  });
  if (!done) FAIL(done.error().context);
  return losses;
}

std::vector<std::uint64_t> key_segments(const LogStore& store, std::uint64_t from) {
  std::vector<std::uint64_t> numbers;
  const auto done = store.key_segments(from, [&](std::uint64_t number, std::string_view encoded) {
    CHECK(decode_key_hashes(number, encoded));
    numbers.push_back(number);
    return true;
  });
  if (!done) FAIL(done.error().context);
  return numbers;
}

}  // namespace tidemark::contract
