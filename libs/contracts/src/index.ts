export {
  API_PREFIX,
  ApprovalRequest,
  DocumentsRequest,
  FirmwareRequest,
  HoldRequest,
  ImportedDeviceDto,
  ImportRequest,
  PageQuery,
  ReasonRequest,
  ROLES,
  TokenRequest,
  WithdrawRequest,
  type Role,
} from './requests.ts';
export type { CampaignView, DeviceView, ErrorBody, PlanView, StageView, TimelineEntry, WhyView } from './responses.ts';
export {
  AttributesDto,
  ChangeRequest,
  CHANGES,
  INQUIRIES,
  InquiryRequest,
  OperationQuery,
  type LinkView,
  type OperationView,
  type ValueView,
} from './operations.ts';
