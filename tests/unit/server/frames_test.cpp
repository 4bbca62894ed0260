// What subscribers are sent, over WebSocket and as the body of a poll.
#include <doctest/doctest.h>

#include <string>

#include "protocol/websocket/websocket.h"
#include "src/base/attachments.h"
#include "src/server/poll_body.h"
#include "src/server/record_frames.h"

namespace tidemark {
namespace {

const RecordFrames kFrames{Epoch(0xab)};

RecordView record(std::string_view channel, std::string_view payload, std::string_view attachments = {}) {
  return {.offset = Offset(17),
          .time = {},
          .channel = channel,
          .event = "chat \"message\"",
          .sender = "ann",
          .client_key = "k",
          .payload = payload,
          .attachments = attachments};
}

std::string text_of(std::string_view frames) { return std::string(websocket::first_frame(frames)->payload); }

TEST_CASE("a record is an event that ends in its offset and position") {
  std::string frames;
  kFrames.encode(record("/", R"({"b":1,"a":"é"})"), frames);
  CHECK(text_of(frames) == R"(42["chat \"message\"",{"b":1,"a":"é"},17,"00000000000000ab.17"])");
  frames.clear();
  kFrames.encode(record("/chat/general", "1e2"), frames);
  CHECK(text_of(frames) == R"(42/chat/general,["chat \"message\"",1e2,17,"00000000000000ab.17"])");
}

TEST_CASE("a relayed event ends in the position of what was seen, and has no offset") {
  std::string frames;
  kFrames.encode_relay({.channel = "/", .event = "typing", .payload = "\"ann\""}, Offset(9), frames);
  CHECK(text_of(frames) == R"(42["typing","ann","00000000000000ab.9"])");
}

TEST_CASE("attachments follow their event, as binary frames or as base64 in a poll") {
  std::string attachments;
  append_attachment(attachments, std::string("\x00\x01\x02", 3));
  append_attachment(attachments, "");
  std::string frames;
  kFrames.encode(record("/", R"([{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])", attachments), frames);
  CHECK(text_of(frames).starts_with("452-[\"chat"));

  int first = 0;
  PollBody body(1000, [&] { ++first; });
  CHECK(body.send(frames) == frames.size());
  CHECK(first == 1);
  const std::string text = body.take();
  CHECK(text.find("\x1e"
                  "bAAEC\x1e"
                  "b") != std::string::npos);
}

TEST_CASE("a poll takes whole packets, sixteen at most") {
  std::string frames;
  for (int i = 0; i < 20; ++i) append_engine_frame(frames, "4hello");
  PollBody body(1000, [] {});
  CHECK(body.send(frames) == 16 * (frames.size() / 20));
  CHECK(body.send(frames) == 0);
}

TEST_CASE("a poll keeps to its size but for a first packet that is larger") {
  std::string frames;
  append_engine_frame(frames, std::string(500, 'x'));
  append_engine_frame(frames, std::string(500, 'y'));
  PollBody body(100, [] {});
  CHECK(body.send(frames) == frames.size() / 2);
  CHECK(body.take().size() == 500);
}

}  // namespace
}  // namespace tidemark
