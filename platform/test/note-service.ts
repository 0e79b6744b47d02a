import {
  create,
  createFileRegistry,
  type DescMethod,
  type DescService,
  setExtension,
} from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  MethodOptions_IdempotencyLevel as IdempotencyLevel,
  FieldDescriptorProto_Label as Label,
  type MethodDescriptorProto,
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import {
  FieldRulesSchema,
  field as fieldRules,
  file_buf_validate_validate,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import {
  AccessSchema,
  access,
  file_loyalty_options_v1_access,
  Access_Own as Own,
  Access_Role as Role,
} from '@loyalty/proto/loyalty/options/v1/access_pb.ts';
import {
  ErrorReason,
  errors as errorsOption,
  file_loyalty_options_v1_errors,
} from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';

/** The one message of the test service, as request and as response. */
export interface Note {
  programId: string;
  userId: string;
  text: string;
}

export interface MethodRule {
  name: string;
  roles?: Role[];
  own?: Own;
  errors?: ErrorReason[];
  idempotency?: IdempotencyLevel;
  serverStreaming?: boolean;
}

const defaultMethods: MethodRule[] = [
  {
    name: 'WriteNote',
    roles: [Role.SERVICE, Role.MEMBER],
    own: Own.REQUEST_USER,
    errors: [ErrorReason.INSUFFICIENT_POINTS],
  },
  {
    name: 'ReadNote',
    roles: [Role.SERVICE, Role.MEMBER],
    own: Own.LOADED_OWNER,
    errors: [ErrorReason.MEMBERSHIP_NOT_FOUND],
    idempotency: IdempotencyLevel.NO_SIDE_EFFECTS,
  },
  {
    name: 'CountNotes',
    roles: [Role.ADMIN, Role.MEMBER],
    own: Own.ANY,
    errors: [ErrorReason.MEMBERSHIP_NOT_FOUND],
    idempotency: IdempotencyLevel.IDEMPOTENT,
  },
  { name: 'PurgeNotes', roles: [Role.ADMIN] },
];

/** A service made in code, because contracts are committed for what the platform really serves only. */
export function noteService(methods: MethodRule[] = defaultMethods): DescService {
  const file = create(FileDescriptorProtoSchema, {
    name: 'note/v1/note.proto',
    package: 'note.v1',
    syntax: 'proto3',
    dependency: [
      'buf/validate/validate.proto',
      'loyalty/options/v1/access.proto',
      'loyalty/options/v1/errors.proto',
    ],
    messageType: [noteMessage()],
    service: [{ name: 'NoteService', method: methods.map(methodProto) }],
  });
  const imported = [
    file_buf_validate_validate,
    file_loyalty_options_v1_access,
    file_loyalty_options_v1_errors,
  ];
  const registry = createFileRegistry(file, (name) =>
    imported.find((candidate) => candidate.proto.name === name),
  );
  const service = registry.getService('note.v1.NoteService');
  if (service === undefined) throw new Error('The registry lost the service');
  return service;
}

export function methodOf(service: DescService, name: string): DescMethod {
  const method = service.methods.find((candidate) => candidate.name === name);
  if (method === undefined) throw new Error(`No method ${name}`);
  return method;
}

function noteMessage(): DescriptorProto {
  const options = create(FieldOptionsSchema);
  setExtension(
    options,
    fieldRules,
    create(FieldRulesSchema, { type: { case: 'string', value: { maxBytes: 20n } } }),
  );
  return create(DescriptorProtoSchema, {
    name: 'Note',
    field: ['program_id', 'user_id', 'text'].map((name, index) =>
      create(FieldDescriptorProtoSchema, {
        name,
        jsonName: name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        number: index + 1,
        type: Type.STRING,
        label: Label.OPTIONAL,
        ...(name === 'text' && { options }),
      }),
    ),
  });
}

function methodProto(rule: MethodRule): MethodDescriptorProto {
  const options = create(MethodOptionsSchema);
  if (rule.idempotency !== undefined) options.idempotencyLevel = rule.idempotency;
  if (rule.roles !== undefined || rule.own !== undefined) {
    const { roles = [], own = Own.OWN_UNSPECIFIED } = rule;
    setExtension(options, access, create(AccessSchema, { roles, own }));
  }
  if (rule.errors !== undefined) setExtension(options, errorsOption, rule.errors);
  return create(MethodDescriptorProtoSchema, {
    name: rule.name,
    inputType: '.note.v1.Note',
    outputType: '.note.v1.Note',
    serverStreaming: rule.serverStreaming ?? false,
    options,
  });
}
