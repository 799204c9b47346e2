import {
  authMech,
  errno as errnoTable,
  type ErrorName,
  error,
  resourceType,
  unknownErrno,
  VM_EXITED,
  VM_RESET,
  VM_STATUS,
  VM_STOP,
  vmStatus,
} from '../../schemas/index.js';
