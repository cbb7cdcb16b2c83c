# A Rack application with Action Cable and nothing else of Rails.
require "json"
require "logger"
require "action_cable"

class Connection < ActionCable::Connection::Base
  identified_by :user

  def connect
    self.user = { "t-ana" => "ana", "t-ben" => "ben" }[request.params["token"]]
    reject_unauthorized_connection unless user
  end
end

class RoomChannel < ActionCable::Channel::Base
  def subscribed
    return reject if params["room"].start_with?("secret")

    stream_from "room:#{params["room"]}"
    transmit({ type: "hello", to: user })
  end

  def speak(data)
    ActionCable.server.broadcast("room:#{params["room"]}", { type: "said", by: user, text: data["text"] })
  end

  def boom(_data)
    raise "boom"
  end
end

class TasksChannel < ActionCable::Channel::Base
  def subscribed
    stream_from "tasks"
  end
end

server = ActionCable.server
server.config.connection_class = -> { Connection }
server.config.cable = { "adapter" => "async" }
server.config.logger = Logger.new(IO::NULL)
server.config.disable_request_forgery_protection = true
server.config.worker_pool_size = 2

run lambda { |env|
  request = Rack::Request.new(env)
  case request.path
  when "/cable"
    server.call(env)
  when "/publish"
    server.broadcast(request.params["to"], JSON.parse(request.params["data"]))
    [200, {}, ["ok"]]
  when "/kick"
    server.remote_connections.where(user: request.params["user"]).disconnect
    [200, {}, ["ok"]]
  when "/restart"
    server.restart
    [200, {}, ["ok"]]
  else
    [200, {}, ["up"]]
  end
}
