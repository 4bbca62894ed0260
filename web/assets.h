// The files the server hands to browsers, carried inside the binary: the chat page and the stock Socket.IO client.
//
// The build (embed.py) lays all bodies into one blob and generates the table; nothing is read from disk at run time, so
// nobody can serve a path the build did not list. Everything here is constant data: any thread may call, nothing can
// fail, and the views live as long as the process.
#pragma once

#include <span>
#include <string_view>

namespace tidemark {

struct Asset {
  std::string_view path;          // as requested, without query: "/", "/chat/chat.css", "/socket.io/socket.io.js"
  std::string_view content_type;  // "text/html; charset=utf-8"
  std::string_view etag;          // of `body`, quotes included: "\"5f0c…\""
  std::string_view body;
  std::string_view gzip;       // the same, compressed when the binary was built; empty where that saves nothing
  std::string_view gzip_etag;  // a strong tag names one encoding (RFC 9110 section 8.8.3.3), so `gzip` has its own
};

/// The asset served at exactly `path`, or nullptr.
[[nodiscard]] const Asset* find_asset(std::string_view path);

/// All of them, sorted by path.
[[nodiscard]] std::span<const Asset> all_assets();

}  // namespace tidemark
