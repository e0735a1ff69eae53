"""The calls of Lambda and EMR Serverless that the DAG makes, over HTTP, answered by a script and remembered."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class AwsStub:
    def __init__(self):
        self.reset()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                stub.route(self, "GET")

            def do_POST(self):
                stub.route(self, "POST")

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:{}".format(self.server.server_port)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self):
        # (function, event) in the order of the calls.
        self.invocations = []
        self.jobs = []
        self.tokens = {}
        # What functions respond, one after the other; then what they always respond.
        self.responses = {}
        self.due = 0
        self.views = 1
        # Functions that fail, with how often.
        self.failing = {}
        self.failing_jobs = 0

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def route(self, request, method):
        raw = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        path = request.path.split("?")[0].strip("/").split("/")
        if path[:2] == ["2015-03-31", "functions"] and path[3:] == ["invocations"]:
            return self.reply(request, *self.invoke(path[2], body))
        if path == ["applications", "app0"]:
            state = {"applicationId": "app0", "arn": "arn", "state": "STARTED", "type": "Spark", "releaseLabel": "emr-7.13.0"}
            return self.reply(request, {"application": dict(state, createdAt=0, updatedAt=0)})
        if method == "POST" and path == ["applications", "app0", "jobruns"]:
            return self.start(request, body)
        if method == "GET" and path[:3] == ["applications", "app0", "jobruns"]:
            job = self.jobs[int(path[3])]
            described = {"applicationId": "app0", "jobRunId": path[3], "arn": "arn", "createdBy": "arn", "createdAt": 0}
            described.update(updatedAt=0, executionRole="arn", releaseLabel="emr-7.13.0", jobDriver=job["jobDriver"])
            return self.reply(request, {"jobRun": dict(described, state=job["state"], stateDetails="")})
        return self.reply(request, {"message": "unexpected call " + request.path}, {"X-Amzn-ErrorType": "Unexpected"}, 404)

    def invoke(self, name, event):
        self.invocations.append((name, event))
        if self.failing.get(name, 0) > 0:
            self.failing[name] -= 1
            return {"errorMessage": "boom", "errorType": "Error"}, {"X-Amz-Function-Error": "Unhandled"}
        if self.responses.get(name):
            return self.responses[name].pop(0), {}
        if name == "p-seal":
            return {"state": "done", "due": self.due}, {}
        return {"state": "done", "views": self.views}, {}

    def start(self, request, body):
        token = body["clientToken"]
        # As the service checks it; botocore does not.
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", token):
            return self.reply(request, {"message": "clientToken"}, {"X-Amzn-ErrorType": "ValidationException"}, 400)
        if token not in self.tokens:
            self.tokens[token] = str(len(self.jobs))
            self.jobs.append(dict(body, state="FAILED" if self.failing_jobs > 0 else "SUCCESS"))
            self.failing_jobs -= 1
        return self.reply(request, {"applicationId": "app0", "jobRunId": self.tokens[token], "arn": "arn"})

    def reply(self, request, body, headers=None, status=200):
        text = json.dumps(body).encode()
        request.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(text), **(headers or {})}.items():
            request.send_header(name, str(value))
        request.end_headers()
        request.wfile.write(text)
