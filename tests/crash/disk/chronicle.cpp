#include "tests/crash/disk/chronicle.h"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace tidemark::crash {
namespace {

enum class Event : std::uint64_t { opened, attempt, succeeded, failed, remark };

class Writer {
 public:
  Writer& put(std::uint64_t value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Writer& put(std::string_view text) {
    put(text.size());
    bytes_ += text;
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

Writer begin(Event event) {
  Writer writer;
  writer.put(static_cast<std::uint64_t>(event));
  return writer;
}

/// Throws std::out_of_range where the text ends early.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool end() const { return rest_.empty(); }
  std::uint64_t number() {
    std::uint64_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(number())); }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) throw std::out_of_range("the chronicle ends early");
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest_;
};

void put_attempt(Writer& out, const Attempt& attempt) {
  out.put(attempt.begun).put(attempt.records.size());
  for (const Record& record : attempt.records) {
    out.put(record.offset.value()).put(static_cast<std::uint64_t>(record.time.value)).put(record.channel);
    out.put(record.event).put(record.sender).put(record.client_key).put(record.payload).put(record.attachments);
  }
  out.put(attempt.segments.size());
  for (const IndexSegment& segment : attempt.segments) {
    out.put(segment.number).put(segment.key_hashes).put(segment.channels.size());
    for (const ChannelOffsets& channel : segment.channels) out.put(channel.channel).put(channel.offsets);
  }
  out.put(attempt.before ? attempt.before->value() : 0).put(attempt.losses.size());
  for (const auto& [channel, last] : attempt.losses) out.put(channel).put(last.value());
}

Attempt take_attempt(Reader& in) {
  Attempt attempt;
  attempt.begun = in.number();
  for (auto count = in.number(); count > 0; --count) {
    Record record;
    record.offset = Offset(in.number());
    record.time = {static_cast<std::int64_t>(in.number())};
    for (auto* field :
         {&record.channel, &record.event, &record.sender, &record.client_key, &record.payload, &record.attachments}) {
      *field = in.text();
    }
    attempt.records.push_back(std::move(record));
  }
  for (auto count = in.number(); count > 0; --count) {
    IndexSegment segment{.number = in.number(), .channels = {}, .key_hashes = in.text()};
    for (auto channels = in.number(); channels > 0; --channels) {
      auto channel = in.text();
      segment.channels.push_back({std::move(channel), in.text()});
    }
    attempt.segments.push_back(std::move(segment));
  }
  if (const auto before = in.number(); before > 0) attempt.before = Offset(before);
  for (auto count = in.number(); count > 0; --count) {
    auto channel = in.text();
    attempt.losses[std::move(channel)] = Offset(in.number());
  }
  return attempt;
}

}  // namespace

void Chronicle::opened(Epoch epoch, bool under_way_was_there) {
  epoch_ = epoch;
  if (under_way_was_there) under_way_->apply_to(contents_);
  under_way_.reset();
  note(begin(Event::opened).put(epoch.value()).put(under_way_was_there ? 1 : 0).bytes());
}

void Chronicle::attempt(const Attempt& attempt) {
  under_way_ = attempt;
  auto event = begin(Event::attempt);
  put_attempt(event, attempt);
  note(event.bytes());
}

void Chronicle::succeeded() {
  under_way_->apply_to(contents_);
  under_way_.reset();
  note(begin(Event::succeeded).bytes());
}

void Chronicle::failed() {
  under_way_.reset();
  note(begin(Event::failed).bytes());
}

void Chronicle::remark(std::string_view text) {
  remarks_.emplace_back(text);
  note(begin(Event::remark).put(text).bytes());
}

void Chronicle::note(const std::string& event) {
  if (tell_) tell_(event);
}

Chronicle Chronicle::read(std::string_view told) {
  Chronicle chronicle{Tell()};
  Reader in(told);
  while (!in.end()) {
    try {
      switch (static_cast<Event>(in.number())) {
        case Event::opened: {
          const Epoch epoch(in.number());
          chronicle.opened(epoch, in.number() == 1);
          break;
        }
        case Event::attempt: chronicle.attempt(take_attempt(in)); break;
        case Event::succeeded: chronicle.succeeded(); break;
        case Event::failed: chronicle.failed(); break;
        case Event::remark: chronicle.remark(in.text()); break;
      }
    } catch (const std::out_of_range&) {
      break;  // the process died while it told this
    }
  }
  return chronicle;
}

}  // namespace tidemark::crash
