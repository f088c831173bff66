// A stub app that answers with its version. FAIL never becomes healthy. Deaf to SIGTERM, as the worst apps are.
const http = require("http");

process.on("SIGTERM", () => {});
const server = http.createServer((request, response) => {
  if (request.url === "/health" && process.env.FAIL) {
    response.statusCode = 500;
    return response.end("sick");
  }
  let length = 0;
  request.on("data", (chunk) => (length += chunk.length));
  request.on("end", () => {
    const answer = { version: process.env.VERSION, greeting: process.env.GREETING, method: request.method, length };
    setTimeout(() => response.end(JSON.stringify(answer)), 5);
  });
});
server.keepAliveTimeout = 65000;
server.listen(3000);
