"""Calls one gRPC method with grpcio and prints the response as JSON. No generated code: the contracts are read at run time.

Arguments: file descriptor set, host:port, full method name, bearer token, request as JSON.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

contracts, address, path, token, request = sys.argv[1:]

pool = descriptor_pool.DescriptorPool()
with open(contracts, "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        pool.Add(proto)


def message_class(descriptor):
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


service, name = path.rsplit("/", 1)
method = pool.FindServiceByName(service).methods_by_name[name]

with grpc.insecure_channel(address) as channel:
    call = channel.unary_unary(
        f"/{service}/{name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=message_class(method.output_type).FromString,
    )
    try:
        response = call(
            json_format.Parse(request, message_class(method.input_type)(), descriptor_pool=pool),
            metadata=(("authorization", f"Bearer {token}"),),
            timeout=10,
        )
        print(json.dumps({"ok": True, "body": json_format.MessageToDict(response, descriptor_pool=pool)}))
    except grpc.RpcError as error:
        trailers = {key: value for key, value in error.trailing_metadata()}
        status = message_class(pool.FindMessageTypeByName("google.rpc.Status")).FromString(
            trailers["grpc-status-details-bin"]
        )
        info = message_class(pool.FindMessageTypeByName("google.rpc.ErrorInfo"))()
        next(detail for detail in status.details if detail.Is(info.DESCRIPTOR)).Unpack(info)
        print(json.dumps({"ok": False, "reason": info.reason, "metadata": dict(info.metadata)}))
